package awssim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// BenchmarkGroupPage is one page of 100 groups of 10 instances, from request
// to encoded reply, in a region of 1,000 groups.
func BenchmarkGroupPage(b *testing.B) {
	s := fleetOf(b, 1000)
	var size int
	for b.Loop() {
		var answer reply
		s.ServeHTTP(&answer, query("autoscaling", "Action=DescribeAutoScalingGroups&Version=2011-01-01&MaxRecords=100"))
		size = len(answer.body)
	}
	b.ReportMetric(float64(size), "bytes/page")
}

// BenchmarkRefreshLifeCycle is a refresh of a group of 10 instances from start
// to success, through every event on the way.
func BenchmarkRefreshLifeCycle(b *testing.B) {
	s := fleetOf(b, b.N)
	r := s.at(place{DefaultAccount, "eu-west-1"})
	b.ResetTimer()
	for n := range b.N {
		var answer reply
		s.ServeHTTP(&answer, query("autoscaling", fmt.Sprintf("Action=StartInstanceRefresh&Version=2011-01-01&AutoScalingGroupName=web-%05d"+
			"&DesiredConfiguration.LaunchTemplate.LaunchTemplateName=web-%05d&DesiredConfiguration.LaunchTemplate.Version=2&Preferences.SkipMatching=true", n, n)))
		if answer.status != http.StatusOK {
			b.Fatal(string(answer.body))
		}
	}
	r.advance(r.now.Add(24 * time.Hour))
	if g := r.groups[r.names[0]]; g.refreshes[0].status != refreshSuccessful {
		b.Fatal(g.tell())
	}
}

// BenchmarkApplyFleet is a fleet of 10,000 groups of 10 instances, each with a
// template of its own.
func BenchmarkApplyFleet(b *testing.B) {
	for b.Loop() {
		fleetOf(b, 10000)
	}
}

func fleetOf(tb testing.TB, groups int) *Server {
	tb.Helper()
	f, err := ParseFleet("fleet.hcl", fmt.Appendf(nil, `
region = "eu-west-1"
image "%s" {}
image "%s" {}
template "web-%%05d" {
  count         = %d
  image_id      = "%s"
  instance_type = "m5.large"
  version { image_id = "%s" }
}
group "web-%%05d" {
  count            = %d
  template         = "web-%%05d"
  desired_capacity = 10
}`, firstImage, secondImage, groups, firstImage, secondImage, groups))
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{Limits: Limits{Off: true}}
	if err := s.Apply(f); err != nil {
		tb.Fatal(err)
	}
	return s
}

// query is a signed request of a query protocol.
func query(service, body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20261123/eu-west-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	return req
}
