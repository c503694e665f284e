package awssim

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAdminOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet("desired_capacity = 1"))
	listener := httptest.NewServer(w.server)
	defer listener.Close()
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		req := httptest.NewRequest(method, listener.URL+path, strings.NewReader(body))
		req.RequestURI = ""
		res, err := listener.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var text strings.Builder
		var v any
		if err := json.NewDecoder(res.Body).Decode(&v); err == nil {
			json.NewEncoder(&text).Encode(v)
		}
		return res.StatusCode, strings.TrimSpace(text.String())
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		part               string
	}{
		{"GET", "/_sim/groups", "", 200, `"name":"web"`},
		{"GET", "/_sim/now", "", 200, `20`},
		{"POST", "/_sim/skip", `{"by":"1h"}`, 200, ""},
		{"POST", "/_sim/skip", `{"by":"soon"}`, 400, ""},
		{"POST", "/_sim/faults", `{"kind":"throttle","service":"autoscaling","times":3}`, 200, `"times":3`},
		{"POST", "/_sim/faults", `{"kind":"flood"}`, 400, ""},
		{"POST", "/_sim/faults", `{"kind":"error","acton":"X"}`, 400, ""},
		{"DELETE", "/_sim/faults", "", 200, ""},
		{"POST", "/_sim/images/" + secondImage, `{"behaviour":"unhealthy"}`, 200, ""},
		{"POST", "/_sim/images/" + secondImage, `{"behaviour":"odd"}`, 400, ""},
		{"POST", "/_sim/images/ami-00000000", `{"behaviour":"unhealthy"}`, 400, ""},
		{"POST", "/_sim/alarms/errors", `{"state":"ALARM"}`, 200, ""},
		{"POST", "/_sim/alarms/nowhere", `{"state":"ALARM"}`, 400, ""},
		{"GET", "/_sim/calls", "", 200, `{}`},
		{"GET", "/_sim/nothing", "", 404, ""},
	} {
		status, text := ask(c.method, c.path, c.body)
		if status != c.status || !strings.Contains(text, c.part) {
			t.Errorf("%s %s %s: got %d %s, want %d with %s", c.method, c.path, c.body, status, text, c.status, c.part)
		}
	}
	w.only() // the fault is gone
	if _, calls := ask("GET", "/_sim/calls", ""); calls != `{"autoscaling:DescribeAutoScalingGroups":1}` {
		t.Errorf("got calls %s", calls)
	}
}
