package ircd_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// The connect sequences of real clients never stall.
func TestDialogues(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			start(t, nil).dialFor(t).Play(file, map[string]string{"blob": b64("alice\x00alice\x00pw")})
		})
	}
}
