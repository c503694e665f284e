package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/rogpeppe/go-internal/testscript"
)

// apiVersions are the versions of the query protocols that somebody's hand
// speaks (the API references of EC2 and of EC2 Auto Scaling).
var apiVersions = map[string]string{"ec2": "2016-11-15", "autoscaling": "2011-01-01"}

// byHand calls AWS as somebody does who knows nothing of the agent, and
// prints the reply.
func byHand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2 || apiVersions[args[0]] == "", "aws ec2|autoscaling ACTION [NAME=VALUE...]")
	form := url.Values{"Action": {args[1]}, "Version": {apiVersions[args[0]]}}
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		form.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(signed(ts, args[0], form.Encode()))
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("AWS answers %s: %s", answer.Status, text)
	}
	_, err = ts.Stdout().Write(text)
	ts.Check(err)
}

// signed is a request in AWS_REGION: from its signature the simulation learns
// who asks, and where.
func signed(ts *testscript.TestScript, service, body string) *http.Request {
	ctx := bounded(ts)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ts.Getenv("AWS_ENDPOINT_URL")+"/", strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	digest := sha256.Sum256([]byte(body))
	keys := awssdk.Credentials{AccessKeyID: ts.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: ts.Getenv("AWS_SECRET_ACCESS_KEY")}
	ts.Check(v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(digest[:]), service, ts.Getenv("AWS_REGION"), time.Now()))
	return req
}

// pick sets a variable to a part of what was printed last.
func pick(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "pick VARIABLE PATTERN")
	found := compile(ts, args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("%s does not match what was printed last, or has not one group", args[1])
	}
	ts.Setenv(args[0], found[1])
}

func callsNow(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "calls FILE")
	counts, err := askSim(ts, http.MethodGet, "calls", "")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), counts, 0o644))
}

// callsSince prints how many calls each action has had since `calls FILE`, in
// order, those with none left out.
func callsSince(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "calls-since FILE")
	text, err := askSim(ts, http.MethodGet, "calls", "")
	ts.Check(err)
	var before, now map[string]int
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &before))
	ts.Check(json.Unmarshal(text, &now))
	for _, action := range slices.Sorted(maps.Keys(now)) {
		if n := now[action] - before[action]; n > 0 {
			_, err := fmt.Fprintf(ts.Stdout(), "%s %d\n", action, n)
			ts.Check(err)
		}
	}
}
