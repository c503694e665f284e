// Package packs makes git's packs, takes in those that others made, and stores
// them (gitformat-pack(5)).
//
// go-git reads packs, and trusts them to be what they say. Here sizes are checked
// while a pack arrives, so that what is too large is refused before it fills the
// disk or the memory, deltas are resolved in time and memory that these sizes
// bound, and nothing is in place before it is checked, indexed and synced.
package packs
