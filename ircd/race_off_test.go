//go:build !race

package ircd

const raceDetector = false
