//go:build !race

package tocd

const raceEnabled = false
