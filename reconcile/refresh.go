package reconcile

import "time"

// Status is the status of an instance refresh, in AWS's own words. There are
// ten; one that this program does not know is treated as active, because
// acting on a refresh that is not understood could do harm.
type Status string

const (
	Pending            Status = "Pending"
	InProgress         Status = "InProgress"
	Baking             Status = "Baking"
	Cancelling         Status = "Cancelling"
	RollbackInProgress Status = "RollbackInProgress"
	Successful         Status = "Successful"
	Failed             Status = "Failed"
	Cancelled          Status = "Cancelled"
	RollbackSuccessful Status = "RollbackSuccessful"
	RollbackFailed     Status = "RollbackFailed"
)

// Active reports whether the refresh has not ended, so that no other can
// start.
func (s Status) Active() bool {
	switch s {
	case Successful, Failed, Cancelled, RollbackSuccessful, RollbackFailed:
		return false
	}
	return true
}

// Broken reports whether the refresh ended because its target did not work.
// Cancelled is not broken: somebody said stop.
func (s Status) Broken() bool {
	return s == Failed || s == RollbackSuccessful || s == RollbackFailed
}

// Refresh is one instance refresh.
type Refresh struct {
	ID     string `json:"id"`
	Status Status `json:"status"`
	// Reason is AWS's sentence about the status: to be shown, never parsed.
	Reason  string    `json:"reason,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Percent int       `json:"percent"`           // of the instances, done
	Left    int       `json:"left"`              // instances still to replace
	Mutates bool      `json:"mutates,omitempty"` // strategy ReplaceRootVolume: changes running instances
	// Targeted is false for a refresh without a desired configuration: it
	// replaces instances by whatever the group has saved, and cannot be
	// rolled back.
	Targeted bool `json:"targeted"`
	// Image is what the refresh launches; empty when it could not be learnt or
	// differs between overrides.
	Image   string  `json:"ami,omitempty"`
	Version Version `json:"version,omitzero"`
	// Causes are the failed scaling activities behind a refresh that broke or
	// is stuck, newest first, in AWS's words.
	Causes []string `json:"causes,omitempty"`
}
