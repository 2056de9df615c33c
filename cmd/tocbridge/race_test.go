//go:build race

package main

// raceEnabled makes the tests build the program with the race detector too.
const raceEnabled = true
