// Package fault is what may go wrong with a git repository, as kinds that
// callers tell apart with errors.Is. Each error says what happened and what to
// do next, in text that is fit for a log and a terminal whoever wrote it.
package fault
