//go:build race

package tocd

const raceEnabled = true
