// Package simulation holds nothing but tests: the whole agent (loop, language,
// provider, SDK) against the simulated AWS, in one testing/synctest bubble, so
// that days pass in moments and a seed reproduces a run.
//
// A schedule is a seeded story: commits good and bad, reverts, hand edits,
// people cancelling and scaling, images that are slow or broken, throttling,
// errors, lost replies, outages, an agent that is killed and started again, a
// second agent. After every step the rules of DESIGN are checked as
// assertions, and at the end that every group is on the newest commit or says
// why not.
//
//	go test ./providers/aws/simulation                     some hundred seeds
//	make simulate SEEDS=1000                               the long one
//	go test ./providers/aws/simulation -run /seed=17 -v    one seed, with its story
package simulation
