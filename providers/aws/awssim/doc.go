// Package awssim is a simulated AWS: an [net/http.Handler] that speaks the
// EC2 and Auto Scaling query protocols, and the little of STS, CloudWatch and
// SSM that a rollout touches, so that the real SDK and the real aws CLI can be
// pointed at it.
//
// It is a model, not a mirror. It is built from what AWS documents, it refuses
// what AWS refuses with AWS's own code and status, and it knows nothing of the
// program that is tested against it. Where AWS's behaviour is not known for
// sure, a comment at that place says so with the word UNCONFIRMED.
//
// # The world
//
// A [Server] holds one region for each (account, region name) pair that a
// request names: the account comes from the access key, the region from the
// credential scope of the request's signature. Within a region, time moves
// only when somebody looks: each request first lets everything happen that was
// due by now (see [region.advance]), then acts. No goroutine and no timer of
// its own runs, so the simulation is deterministic, costs nothing while idle,
// can run faster than the wall clock, and runs on virtual time in a
// testing/synctest bubble.
//
// Callers have no part in simulated time: they compare what they are told with
// their own clocks. So timestamps in API calls and replies are of the clock, in
// both directions: a refresh that takes six simulated minutes at sixty times the
// speed began and ended six seconds apart. What the simulation tells of itself
// (/_sim/, [Server.Writes], [Server.Groups], [Server.Now]) is simulated time.
// Without Speed, Start and Skip the two are the same (see [timeline]).
//
// A group is physics: instances boot, warm up, fail and go; the group keeps its
// capacity; a refresh decides which instance goes next. Each group knows when
// something is due in it next, the region keeps those moments in order (see
// [agenda]), and nothing is looked at in between: a day in which nothing
// happens costs nothing.
//
// # What there is, and what goes wrong
//
// [Server.Apply] makes a [Fleet], which tests write as Go values and people as
// an HCL file. Images say how their instances turn out: they serve, never get
// healthy, crash, boot slowly, or cannot be launched. [Server.Inject] asks for
// faults: throttling, errors, lost replies, outages. [Limits] are AWS's token
// buckets.
//
// # What can be seen
//
// [Server.Calls] counts every request by action, [Server.Writes] tells who
// changed what, [Server.Groups] what runs where. The same is answered over HTTP
// below /_sim/ for those outside of the program.
package awssim
