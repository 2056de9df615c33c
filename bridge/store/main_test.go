package store

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// A test binary with this variable set is a process to be killed.
const victimVariable = "TOCBRIDGE_STORE_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimVariable); dir != "" {
		beVictim(dir)
		return
	}
	goleak.VerifyTestMain(m)
}
