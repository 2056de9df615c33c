package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines = 400
	maxFuncLines = 120
)

// mayImport has the arrows of the design: which of our packages each may depend
// on, directly or not. A package that is not in it may not exist.
var mayImport = map[string][]string{
	"tocbridge/toc/nowait":      nil,
	"tocbridge/toc":             {"tocbridge/toc/nowait"},
	"tocbridge/toc/tocd":        {"tocbridge/toc", "tocbridge/toc/nowait"},
	"tocbridge/ircd":            {"tocbridge/toc/nowait"},
	"tocbridge/ircd/ircdtest":   nil,
	"tocbridge/config":          nil,
	"tocbridge/bridge/nicks":    {"tocbridge/toc", "tocbridge/toc/nowait"},
	"tocbridge/bridge/richtext": {"tocbridge/toc", "tocbridge/toc/nowait"},
	"tocbridge/bridge/pace":     {"tocbridge/toc", "tocbridge/toc/nowait"},
	"tocbridge/bridge/seal":     nil,
	"tocbridge/bridge/store":    nil,
	"tocbridge/bridge": {
		"tocbridge/toc/nowait", "tocbridge/ircd", "tocbridge/toc", "tocbridge/bridge/nicks", "tocbridge/bridge/richtext", "tocbridge/bridge/pace",
		"tocbridge/bridge/seal", "tocbridge/bridge/store",
	},
	"tocbridge/cmd/tocbridge": {
		"tocbridge/toc/nowait", "tocbridge/ircd", "tocbridge/toc", "tocbridge/toc/tocd", "tocbridge/config",
		"tocbridge/bridge", "tocbridge/bridge/nicks", "tocbridge/bridge/richtext", "tocbridge/bridge/pace",
		"tocbridge/bridge/seal", "tocbridge/bridge/store",
	},
}

// A goPackage is what go list says of one of our packages.
type goPackage struct {
	ImportPath, Dir, Doc   string
	Imports, Deps, GoFiles []string
	TestGoFiles            []string
	XTestGoFiles           []string
}

func ourPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,Deps,GoFiles,TestGoFiles,XTestGoFiles", "tocbridge/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestPackageArrows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range ourPackages(t) {
		seen[p.ImportPath] = true
		allowed, known := mayImport[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the design", p.ImportPath)
		}
		for _, d := range p.Deps {
			if strings.HasPrefix(d, "tocbridge/") && !slices.Contains(allowed, d) {
				t.Errorf("%s must not depend on %s", p.ImportPath, d)
			}
		}
	}
	for path := range mayImport {
		if !seen[path] {
			t.Errorf("%s is in the design but not there", path)
		}
	}
}

// Viper's traps are closed in one place, so it is used in one place; the file
// formats and flag libraries likewise.
func TestLibrariesBehindTheirDoors(t *testing.T) {
	t.Parallel()
	doors := map[string]string{
		"github.com/spf13/viper":       "tocbridge/config",
		"github.com/go-viper/":         "tocbridge/config",
		"github.com/pelletier/go-toml": "tocbridge/config",
		"github.com/spf13/cobra":       "tocbridge/cmd/tocbridge",
		"github.com/coreos/go-systemd": "tocbridge/cmd/tocbridge",
		"github.com/coder/websocket":   "tocbridge/ircd",
		"golang.org/x/crypto":          "tocbridge/bridge/seal",
		"modernc.org/":                 "tocbridge/bridge/store",
		"github.com/google/go-cmp":     "tests",
		"go.uber.org/goleak":           "tests",
		"pgregory.net/rapid":           "tests",
	}
	for _, p := range ourPackages(t) {
		for _, imported := range p.Imports {
			for library, door := range doors {
				if strings.HasPrefix(imported, library) && p.ImportPath != door {
					t.Errorf("%s imports %s, which belongs to %s", p.ImportPath, imported, door)
				}
			}
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	for _, p := range ourPackages(t) {
		if len(strings.Fields(p.Doc)) < 4 {
			t.Errorf("%s: package comment is %q", p.ImportPath, p.Doc)
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	t.Parallel()
	for _, p := range ourPackages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			checkLengths(t, filepath.Join(p.Dir, name), p.ImportPath+"/"+name)
		}
	}
}

func checkLengths(t *testing.T, path, shown string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return
	}
	lines := fset.Position(file.FileEnd).Line
	if lines > maxFileLines && !strings.HasSuffix(path, "_test.go") {
		t.Errorf("%s has %d lines, %d are the limit", shown, lines, maxFileLines)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from, to := fset.Position(f.Pos()).Line, fset.Position(f.End()).Line
		if n := to - from + 1; n > maxFuncLines {
			t.Errorf("%s:%d: %s has %d lines, %d are the limit", shown, from, f.Name.Name, n, maxFuncLines)
		}
	}
}
