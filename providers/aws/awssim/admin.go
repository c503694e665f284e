package awssim

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// serveAdmin answers what is asked of the simulation itself, below /_sim/, and
// reports whether the request was that. It is for demonstrations and for tests
// that run the simulation in another program; those in the same program call
// the methods of [Server].
//
//	GET    /_sim/now              the simulated time
//	POST   /_sim/skip             {"by": "1h"}: let time jump ahead
//	GET    /_sim/calls            how many calls each action has had
//	GET    /_sim/writes           every call that changes something, in order
//	GET    /_sim/groups           what runs where
//	POST   /_sim/faults           plan a Fault (JSON)
//	DELETE /_sim/faults           remove all faults
//	POST   /_sim/images/ID        {"behaviour": "crash=120s"}: what instances launched from now on do
//	POST   /_sim/alarms/NAME      {"state": "ALARM"}
//
// Images and alarms are looked up in every region and account. Times in these
// answers are simulated.
func (s *Server) serveAdmin(w http.ResponseWriter, req *http.Request) bool {
	path, ok := strings.CutPrefix(req.URL.Path, "/_sim/")
	if !ok {
		return false
	}
	kind, name, _ := strings.Cut(path, "/")
	switch req.Method + " " + kind {
	case "GET now":
		writeJSON(w, s.Now())
	case "POST skip":
		s.adminSkip(w, req)
	case "GET calls":
		writeJSON(w, s.Calls())
	case "GET writes":
		writeJSON(w, s.Writes())
	case "GET groups":
		writeJSON(w, s.Groups())
	case "POST faults":
		s.adminFault(w, req)
	case "DELETE faults":
		s.ClearFaults()
		writeJSON(w, struct{}{})
	case "POST images":
		s.adminImage(w, req, name)
	case "POST alarms":
		s.adminAlarm(w, req, name)
	default:
		http.NotFound(w, req)
	}
	return true
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.Encode(v)
}

// readJSON reads a request, and answers it when it cannot be read. Members that
// mean nothing are refused: a misspelt fault must not be a silent one.
func readJSON(w http.ResponseWriter, req *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, req.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func (s *Server) adminSkip(w http.ResponseWriter, req *http.Request) {
	var in struct {
		By string `json:"by"`
	}
	if !readJSON(w, req, &in) {
		return
	}
	d, err := time.ParseDuration(in.By)
	if err != nil || d < 0 {
		http.Error(w, "by is a duration such as 90s or 1h", http.StatusBadRequest)
		return
	}
	s.Skip(d)
	writeJSON(w, s.Now())
}

func (s *Server) adminFault(w http.ResponseWriter, req *http.Request) {
	var f Fault
	if !readJSON(w, req, &f) {
		return
	}
	if !f.Kind.known() {
		http.Error(w, "kind is one of throttle, error, refuse, lost_before, lost_after, outage, slow", http.StatusBadRequest)
		return
	}
	s.Inject(f)
	writeJSON(w, f)
}

// ClearFaults removes every planned fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) adminImage(w http.ResponseWriter, req *http.Request, id string) {
	var in struct {
		Behaviour string `json:"behaviour"`
	}
	if !readJSON(w, req, &in) {
		return
	}
	if err := s.SetImageBehaviour(id, in.Behaviour); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, in)
}

func (s *Server) adminAlarm(w http.ResponseWriter, req *http.Request, name string) {
	var in struct {
		State string `json:"state"`
	}
	if !readJSON(w, req, &in) {
		return
	}
	if err := s.SetAlarm(name, in.State); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, in)
}
