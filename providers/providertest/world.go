package providertest

import (
	"testing"
	"time"

	"moult/reconcile"
)

// World is a cloud as a person sees it who does not use Moult. Its methods
// fail the test when they cannot do what they are asked for.
type World interface {
	// Place is where everything happens.
	Place() reconcile.Place
	// MakeImage makes an image whose instances boot and serve, or, when it is
	// broken, never do.
	MakeImage(t *testing.T, name string, broken bool) string
	// RemoveImage makes an image unusable.
	RemoveImage(t *testing.T, image string)
	// MakeGroup makes a group with its own template and waits until its
	// instances serve.
	MakeGroup(t *testing.T, g Group)
	// Group is the group as it is now.
	Group(t *testing.T, name string) Group
	// Running is the images of the instances that serve, sorted, one for each.
	Running(t *testing.T, name string) []string
	// Instances is the ids of the instances that serve, sorted.
	Instances(t *testing.T, name string) []string
	// Resize changes the capacity by hand.
	Resize(t *testing.T, name string, size int)
	// EditTemplate saves another version in the group by hand: the same but
	// for something that is not the image.
	EditTemplate(t *testing.T, name string)
	// StartByHand starts somebody's own refresh to an image.
	StartByHand(t *testing.T, name, image string)
	// LoseReply makes the reply of the next refresh that is started get lost
	// after the cloud has accepted it.
	LoseReply(t *testing.T)
	// Wait lets time pass.
	Wait(d time.Duration)
	// Written is how many changes the cloud has accepted so far, from anybody.
	Written() int
	// Starts is how many refreshes were ever accepted in a group.
	Starts(t *testing.T, name string) int
	// Versions is how many versions the group's template has.
	Versions(t *testing.T, name string) int
}

// Group is a group to make, or as it is.
type Group struct {
	Name  string
	Image string // that it would launch
	Min   int
	Size  int // instances asked for
	Max   int
	// Floating is true when the group follows whatever version of its template
	// is newest.
	Floating bool
}

// Play tells one chapter with a provider in a world.
type Play func(t *testing.T, provider reconcile.Provider, world World)

// Run tells the story. Stage is called for each chapter, with a new test: it
// makes an empty world and a provider that has never seen it, and calls play,
// in a bubble of virtual time if it likes.
func Run(t *testing.T, stage func(t *testing.T, play Play)) {
	for _, c := range story {
		t.Run(c.name, func(t *testing.T) {
			stage(t, func(t *testing.T, provider reconcile.Provider, world World) {
				c.play(&narrator{T: t, World: world, provider: provider})
			})
		})
	}
}

// chapter is one thing that must hold.
type chapter struct {
	name string
	play func(*narrator)
}
