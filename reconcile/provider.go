package reconcile

import "context"

// Provider is one cloud. All its calls are for groups of one [Place]; the loop
// sees to that, and may call it for several places at once.
//
// An adapter never diffs, never waits for convergence, and keeps no state but
// caches that it can fill again. Its errors carry one of the four classes.
type Provider interface {
	// Resolve completes declarations with what only the cloud knows: whether
	// the image exists and can be launched there, and its name. Read-only. An
	// image that cannot be launched is no error: it is Desired.ImageProblem.
	Resolve(ctx context.Context, place Place, declarations []Declaration) ([]Desired, error)

	// Observe returns one value for each desired group, in the same order, in
	// the fewest calls. Read-only. A group that could not be observed has
	// Observed.Problem set; an error means that none could.
	Observe(ctx context.Context, place Place, desired []Desired) ([]Observed, error)

	// Apply performs one action and returns when the cloud has accepted it. It
	// touches no group but the action's, and finding that the action is
	// already done is success.
	Apply(ctx context.Context, action Action) (Receipt, error)
}

// ImageChecker is an optional ability of a provider: to say of images that are
// not about to be rolled out whether they could be.
type ImageChecker interface {
	// CheckImages asks afresh and returns a sentence for each image that cannot
	// be launched in the place, by image. Read-only.
	CheckImages(ctx context.Context, place Place, images []string) (problems map[string]string, err error)
}

// Receipt says what the cloud made of an action, for the ledger.
type Receipt struct {
	Version   Version `json:"version,omitzero"`     // the template version that is rolled out
	Created   bool    `json:"created,omitempty"`    // it was made now; false: an older one is used again
	RefreshID string  `json:"refresh_id,omitempty"` // the refresh started, cancelled or rolled back
	Adopted   bool    `json:"adopted,omitempty"`    // the refresh was found running already
}
