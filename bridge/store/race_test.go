//go:build race

package store

// SQLite in Go is tens of times slower under the race detector.
const raceEnabled = true
