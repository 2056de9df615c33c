package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocbridge/bridge/seal"
)

func TestKeygen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	var out, errs bytes.Buffer
	if err := run(t.Context(), []string{"keygen", path}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	key, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), path) || !strings.Contains(out.String(), key.String()) || !strings.Contains(out.String(), "store.key_file") {
		t.Errorf("it said: %s", out.String())
	}
	if strings.Contains(out.String()+errs.String(), strings.TrimSpace(string(text))) {
		t.Errorf("it shows the key: %s%s", out.String(), errs.String())
	}
	err = run(t.Context(), []string{"keygen", path}, &out, &errs)
	if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("a second time: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, text) {
		t.Error("the key that was there changed")
	}
	for _, args := range [][]string{{"keygen"}, {"keygen", path, "more"}} {
		if err := run(t.Context(), args, &out, &errs); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
