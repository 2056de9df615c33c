package toc

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                              "",
		"plain":                         "plain",
		"UTF-8: é ü ß 漢字 😀":             "UTF-8: é ü ß 漢字 😀",
		"caf\xe9":                       "café",
		"\x80\x92\x9f\xa0\xff":          "€’Ÿ\u00a0ÿ",
		"\x81\x8d\x8f\x90\x9d":          "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD", // unassigned
		"mixed é \xe9":                  "mixed Ã© é",                     // one charset a message
		"a\x00b\x00c":                   "abc",
		"trailing\x00":                  "trailing",
		"\x00":                          "",
		"caf\xe9\x00":                   "café",
		"\x00h\x00i":                    "hi",
		"\x00c\x00a\x00f\x00\xe9":       "café",
		"\x00a\x6f\x22\x5b\x57":         "a漢字",
		"\x00:\x00)\xd8\x3d\xde\x00":    ":)😀",
		"\xfe\xff\x6f\x22":              "漢",
		"\xfe\xff\x00a":                 "a",
		"\xfe\xff":                      "",
		"\x04\x1f\x04\x40\x00 \x04\x38": "Пр и",
		"\x00a\xd8\x3d":                 "aØ=",  // half a pair: not UTF-16
		"\x00a\xd8\x3d\x00b":            "aØ=b", // likewise
		"\x00a\x00b\x00":                "ab",   // odd
		"N\x00o\x00":                    "No",   // little-endian is nobody's habit: the NULs go
	} {
		if got := DecodeText(in); got != want {
			t.Errorf("DecodeText(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzDecodeText(f *testing.F) {
	f.Add("caf\xe9")
	f.Add("\x00h\x00i")
	f.Add("\xfe\xff\xd8\x3d\xde\x00")
	f.Fuzz(func(t *testing.T, s string) {
		got := DecodeText(s)
		if !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Fatalf("%q gives %q", s, got)
		}
		if utf8.ValidString(s) && !strings.Contains(s, "\x00") && got != s {
			t.Fatalf("clean %q becomes %q", s, got)
		}
		if again := DecodeText(got); again != got {
			t.Fatalf("%q, then %q", got, again)
		}
	})
}

func TestDecodeTextCleanIsFree(t *testing.T) { // not parallel: it counts allocations
	if n := testing.AllocsPerRun(100, func() { DecodeText("plain and é 漢字") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
