package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// talkWrong are values that a key of a type cannot have, as they stand in a file.
func talkWrong(f field) []string {
	switch f.value.Interface().(type) {
	case bool:
		return []string{`"yes"`, `"True"`, `1`, `0`, `""`, `[true]`, `1.0`}
	case int:
		return []string{`"many"`, `1.5`, `true`, `[1]`, `"1e3"`, `"0x10"`, `""`}
	case float64:
		return []string{`"fast"`, `true`, `[1.0]`, `""`, `"1,5"`}
	case time.Duration:
		return []string{`5`, `"5"`, `1.5`, `true`, `"soon"`, `["5s"]`, `"5 m"`, `""`}
	case []string:
		return []string{`5`, `true`, `[1]`, `[["a"]]`, `1.5`}
	}
	return []string{`5`, `true`, `1.5`, `["a"]`, `2026-11-22`}
}

// TestTalkEveryKeyRefusesWhatIsNotItsType: in a file, with its line; the rest of the file is no excuse.
func TestTalkEveryKeyRefusesWhatIsNotItsType(t *testing.T) {
	t.Parallel()
	c := Defaults()
	for _, f := range fields(&c) {
		for _, wrong := range talkWrong(f) {
			t.Run(f.key()+"="+wrong, func(t *testing.T) {
				t.Parallel()
				path := write(t, fmt.Sprintf("# a remark\n[%s]\n%s = %s\n", f.section, f.name, wrong))
				_, err := Load(path)
				fault := (*KeyError)(nil)
				if !errors.As(err, &fault) {
					t.Fatalf("no fault of a key: %v", err)
				}
				if fault.Key != f.key() || fault.Origin != path+":3" {
					t.Errorf("%s at %s: %v", fault.Key, fault.Origin, err)
				}
			})
		}
	}
}

// TestTalkEveryFlagRefusesWhatIsNotItsType: the same as text on the command line.
func TestTalkEveryFlagRefusesWhatIsNotItsType(t *testing.T) {
	t.Parallel()
	c := Defaults()
	for _, f := range fields(&c) {
		var wrong []string
		switch f.value.Interface().(type) {
		case bool:
			wrong = []string{"yes", "TRUE", "1", "on"}
		case int:
			wrong = []string{"many", "1.5", "true", "1 "}
		case float64:
			wrong = []string{"fast", "1,5"}
		case time.Duration:
			wrong = []string{"5", "soon", "5 m"}
		}
		for _, text := range wrong {
			_, err := Load("", Flag{Name: "--the-flag", Key: f.key(), Value: text})
			fault := (*KeyError)(nil)
			if !errors.As(err, &fault) || fault.Key != f.key() || fault.Origin != "--the-flag" {
				t.Errorf("%s = %q: %v", f.key(), text, err)
			}
		}
	}
}

// TestTalkKeyIsNoSection: every key and section spelled in ways that do not exist.
func TestTalkKeyIsNoSection(t *testing.T) {
	t.Parallel()
	c := Defaults()
	for _, f := range fields(&c) {
		for text, line := range map[string]int{
			"[" + f.section + "." + f.name + "]\n":                                     1,
			"[" + f.section + "]\n" + f.name + "x = 1\n":                               2,
			"[" + f.section + "]\n" + strings.ReplaceAll(f.name, "_", "-") + "_ = 1\n": 2,
			"[" + f.section + "x]\n" + f.name + " = 1\n":                               1,
			"[[" + f.section + "]]\n":                                                  1,
		} {
			path := write(t, text)
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s:%d", path, line)) {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}

// TestTalkPrecedencePerKey: file < environment < flag, for each key by itself.
func TestTalkPrecedencePerKey(t *testing.T) {
	c := Defaults()
	for _, f := range fields(&c) {
		t.Run(f.key(), func(t *testing.T) {
			value, text := other(f)
			want := reflect.ValueOf(value).Convert(f.value.Type()).Interface()
			def := Defaults()
			def.TLS.Certificate, def.TLS.Key, def.IRC.ListenTLS = "c.pem", "k.pem", []string{"127.0.0.1:1697"} // what other keys need
			get := func(c Config) any {
				for _, g := range fields(&c) {
					if g.key() == f.key() {
						return g.value.Interface()
					}
				}
				return nil
			}
			plain := write(t, def.TOML()) // says the default of every key
			check := func(what string, want any, flags ...Flag) {
				t.Helper()
				got, err := Load(plain, flags...)
				if err != nil {
					t.Errorf("%s: %v", what, err)
				} else if !reflect.DeepEqual(get(got), want) {
					t.Errorf("%s: %v, want %v", what, get(got), want)
				}
			}
			check("file", get(def))
			check("flag over file", want, Flag{Name: "--x", Key: f.key(), Value: text})
			t.Setenv(f.env(), text)
			check("environment over file", want)
			if s := fmt.Sprint(get(def)); s != "" && s != "[]" && f.value.Kind() != reflect.Slice {
				check("flag over environment", get(def), Flag{Name: "--x", Key: f.key(), Value: s})
			}
			t.Setenv(f.env(), "")
			check("an empty variable is none", get(def))
		})
	}
}

// TestTalkAllFaultsAtOnce: one run tells all that is wrong.
func TestTalkAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	c := Defaults()
	var text strings.Builder
	section, n := "", 0
	for _, f := range fields(&c) {
		if f.section != section {
			section = f.section
			fmt.Fprintf(&text, "[%s]\n", section)
		}
		fmt.Fprintf(&text, "%s = %s\n", f.name, talkWrong(f)[len(talkWrong(f))-1])
		n++
	}
	_, err := Load(write(t, text.String()))
	if err == nil {
		t.Fatal("accepted")
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != n {
		t.Errorf("%d faults told of %d:\n%v", got, n, err)
	}
}
