// Package reconcile is the heart of Moult: the words it thinks in, the pure
// function that decides, and the loop around it. It imports the standard
// library only and knows no cloud, no git and no file format.
//
// # The flow of one pass
//
//	Source.Read       -> Declared     what git says, and which commit says it
//	Provider.Resolve  -> []Desired    the same, with what only the cloud knows
//	Provider.Observe  -> []Observed   what the cloud says each group is
//	Diff              -> Plan         one Answer for each group: an action, a hold, a wait or nothing
//	Guard             -> Plan         may turn an action into a hold, and nothing else
//	Provider.Apply    -> Receipt      one action; returns when the cloud has accepted it
//
// Everything that flows is a plain value that can be printed, compared, stored
// as JSON and held against a golden file. [Diff] and the guards are pure: no
// clock (now is an argument), no log, no map order, no I/O. `moult plan` and
// `moult run` are the same pass; the one difference is whether Apply is called.
//
// # Memory
//
// The loop keeps nothing between passes that it could not observe again. Git
// remembers what is wanted; the cloud remembers what was tried, because the
// history of instance refreshes outlives the agent. So the agent may be killed
// at any line, and two agents may run at once.
package reconcile
