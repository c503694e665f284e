// Package aws is the adapter for Amazon EC2 Auto Scaling: it observes groups,
// makes launch template versions and starts instance refreshes. It implements
// [moult/reconcile.Provider] and decides nothing.
//
// # Calls
//
// A steady pass over N groups is ceil(N/100) DescribeAutoScalingGroups and
// nothing else. That works because what a template version holds never
// changes: (template, version) is looked up once and kept for ever (see
// versions.go). Only a group that is not converged costs calls of its own.
//
// # Writes
//
// Four actions write: CreateLaunchTemplateVersion, StartInstanceRefresh,
// CancelInstanceRefresh or RollbackInstanceRefresh, and UpdateAutoScalingGroup
// (to pin a group that floats, and for groups that select instance types by
// attributes, which take no desired configuration). A fifth,
// DeleteLaunchTemplateVersions, takes back a version that AWS warned about
// while making it. Each names the commit that it comes from. No capacity is
// ever sent.
//
// # Limits and errors
//
// Every attempt of every call, a retry of the SDK included, first passes a
// limiter of its place, region and action (limiter.go), and has a deadline.
// Errors carry one of the four classes of package reconcile (errors.go).
package aws
