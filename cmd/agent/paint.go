package main

import (
	"github.com/fatih/color"

	"moult/reconcile"
)

// paint colours text for a terminal, or leaves it as it is.
type paint struct{ on bool }

func (p paint) with(text string, attributes ...color.Attribute) string {
	if !p.on || text == "" {
		return text
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(text)
}

func (p paint) bold(text string) string   { return p.with(text, color.Bold) }
func (p paint) faint(text string) string  { return p.with(text, color.Faint) }
func (p paint) red(text string) string    { return p.with(text, color.FgRed) }
func (p paint) green(text string) string  { return p.with(text, color.FgGreen) }
func (p paint) yellow(text string) string { return p.with(text, color.FgYellow) }
func (p paint) cyan(text string) string   { return p.with(text, color.FgCyan) }

// state colours text by where a group stands: green is well, cyan moves by
// itself, yellow may need somebody, red does.
func (p paint) state(s reconcile.State, text string) string {
	switch s {
	case reconcile.StateConverged:
		return p.green(text)
	case reconcile.StateRolling, reconcile.StateRollingBack, reconcile.StateWaiting:
		return p.cyan(text)
	case reconcile.StateDrifted, reconcile.StateUnknown:
		return p.yellow(text)
	}
	return p.red(text)
}
