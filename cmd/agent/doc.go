// Command moult is a GitOps reconciler for fleets of virtual machines: git
// declares the AMI of each Auto Scaling group, and moult makes the cloud match
// by replacing instances.
//
// This package is the only one that knows every other: flags, wiring, signals
// and rendering live here, decisions do not. One file holds one command
// (run.go, plan.go, ...); what draws is in render_*.go and progress.go and
// takes values, so that it can be held against golden files.
package main
