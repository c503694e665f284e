package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"moult/cmd/internal/page"
)

// view is how something is drawn: at which moment, in which colours, and how
// wide.
type view struct {
	now   time.Time
	paint paint
	width int // in columns; 0 where no line may be broken
}

// view is how to draw on w now.
func (at surroundings) view(w io.Writer) view {
	return view{now: time.Now(), paint: at.paint(w), width: page.Width(w)}
}

// line writes a line. Where it is broken, what follows is indented by hang.
func (v view) line(w io.Writer, hang int, format string, args ...any) {
	fmt.Fprintln(w, page.Fold(fmt.Sprintf(format, args...), v.width, hang))
}

// output is the -o flag.
type output struct{ format string }

const (
	asText = "text"
	asJSON = "json"
)

func (o *output) register(c *cobra.Command) {
	c.Flags().StringVarP(&o.format, "output", "o", asText, "`FORMAT` to print: text or json")
}

func (o *output) check() error {
	if o.format == asText || o.format == asJSON {
		return nil
	}
	return advise(fmt.Errorf("output %q is not known", o.format), "use -o text or -o json")
}

// writeJSON writes a value for programs to read.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
