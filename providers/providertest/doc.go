// Package providertest is the contract of [reconcile.Provider] as tests: a
// story that begins in an empty place and that every provider must be able to
// live through. A provider's own test tells it with
//
//	providertest.Run(t, func(t *testing.T, play providertest.Play) {
//		play(t, provider, world)
//	})
//
// where world is the provider's cloud, or a simulation of it, as somebody sees
// it who is not Moult.
package providertest
