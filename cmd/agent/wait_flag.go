package main

import (
	"errors"
	"time"
)

// shortestWait keeps a typing error from hammering git or the cloud.
const shortestWait = time.Second

const waitForm = `a time of at least one second with a unit, such as "30s" or "5m"`

// parseWait reads how long to wait; ok is false for what is not of waitForm.
func parseWait(text string) (d time.Duration, ok bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= shortestWait
}

// waitFlag is a flag that says how long to wait; 0 when it was not given.
type waitFlag time.Duration

// Set makes waitFlag a pflag.Value, and so do String and Type.
func (w *waitFlag) Set(text string) error {
	d, ok := parseWait(text)
	if !ok {
		return errors.New("it is " + waitForm)
	}
	*w = waitFlag(d)
	return nil
}

func (w *waitFlag) String() string {
	if *w == 0 {
		return ""
	}
	return time.Duration(*w).String()
}

// Type is what help calls the value.
func (w *waitFlag) Type() string { return "TIME" }
