package declare

import (
	"fmt"
	"runtime"
	"sync"

	"moult/reconcile"
)

// reading is files to be read. Parsing takes far longer than reading, so each
// processor parses: at a first start there may be thousands of files, and
// somebody waits.
type reading struct {
	wanted []*wanted
	known  map[string]bool // by blob: it is wanted already
}

// wanted is one file to be read.
type wanted struct {
	file   reconcile.File
	older  *file // what it said before; nil when it is new
	parsed *file
}

func (r *reading) want(f reconcile.File, older *file) {
	if r.known[f.Blob] {
		return
	}
	if r.known == nil {
		r.known = map[string]bool{}
	}
	r.known[f.Blob] = true
	r.wanted = append(r.wanted, &wanted{file: f, older: older})
}

// few is how many files are not worth a second processor.
const few = 8

// all reads and parses every file. Content is read by one at a time, and waits
// in memory for no longer than until somebody is free to parse it.
func (r *reading) all(read func(blob string) ([]byte, error)) error {
	workers := runtime.GOMAXPROCS(0)
	if len(r.wanted) <= few {
		workers = 0
	}
	var parsing sync.WaitGroup
	jobs := make(chan func())
	for range workers {
		parsing.Go(func() {
			for job := range jobs {
				job()
			}
		})
	}
	defer parsing.Wait()
	defer close(jobs)
	for _, w := range r.wanted {
		content, err := read(w.file.Blob)
		if err != nil {
			return fmt.Errorf("read %s: %w", w.file.Path, err)
		}
		if workers == 0 {
			w.parse(content)
		} else {
			jobs <- func() { w.parse(content) }
		}
	}
	return nil
}

func (w *wanted) parse(content []byte) {
	if w.parsed = w.older.amended(content); w.parsed == nil {
		w.parsed = readFile(content)
	}
}
