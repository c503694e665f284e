package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// view is how something is drawn: at which moment, in which colours.
type view struct {
	now   time.Time
	paint paint
}

// output is the -o flag.
type output struct{ format string }

const (
	asText = "text"
	asJSON = "json"
)

func (o *output) register(c *cobra.Command) {
	c.Flags().StringVarP(&o.format, "output", "o", asText, "text or json")
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

// cell is a word in a table, and the colour it is given once it is as wide as
// its column.
type cell struct {
	text  string
	paint func(string) string
}

func plain(text string) cell { return cell{text: text} }

// writeTable writes rows with aligned columns, two blanks apart.
func writeTable(w io.Writer, rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for n, c := range row {
			if n == len(widths) {
				widths = append(widths, 0)
			}
			widths[n] = max(widths[n], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range rows {
		for n, c := range row {
			if n < len(row)-1 {
				c.text = fmt.Sprintf("%-*s  ", widths[n], c.text)
			}
			if c.paint != nil {
				c.text = c.paint(c.text)
			}
			io.WriteString(w, c.text)
		}
		io.WriteString(w, "\n")
	}
}
