package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/chacha20poly1305"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const word = "correct horse"

// testKey is a key whose bytes count up from n.
func testKey(t testing.TB, n byte) *Key {
	t.Helper()
	raw := make([]byte, KeySize)
	for i := range raw {
		raw[i] = n + byte(i)
	}
	k, err := NewKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t testing.TB, k *Key, account, text string) string {
	t.Helper()
	out, err := k.Seal(account, NewSecret(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	k := testKey(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.String().Draw(t, "account")
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\x80", "a\x80\x00\x00", strings.Repeat("x", block-1), strings.Repeat("x", block), strings.Repeat("\x00", 200)})).Draw(t, "text")
		out, err := k.Seal(account, NewSecret(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.Open(account, out)
		if err != nil || got.Reveal() != text {
			t.Fatalf("%q came back as %q, %v", text, got.Reveal(), err)
		}
	})
}

func TestSealHides(t *testing.T) {
	t.Parallel()
	k := testKey(t, 1)
	a, b := sealed(t, k, "alice", word), sealed(t, k, "alice", word)
	if a == b {
		t.Error("two seals of one text are equal: the nonce is not random")
	}
	if strings.Contains(a, word) || strings.Contains(a, base64.RawURLEncoding.EncodeToString([]byte(word))) {
		t.Errorf("%q shows the text", a)
	}
	if len(a) != len(sealed(t, k, "alice", "x")) {
		t.Error("the length of a password can be seen")
	}
	if strings.ContainsAny(a, " \t\r\n\x00") {
		t.Errorf("%q is not one word", a)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	k := testKey(t, 1)
	good := sealed(t, k, "alice", word)
	head, blob, _ := strings.Cut(strings.TrimPrefix(good, version+"."), ".")
	for _, c := range []struct {
		name, account, text string
		want                error
	}{
		{"another account", "bob", good, ErrDamaged},
		{"no account", "", good, ErrDamaged},
		{"another key", "alice", sealed(t, testKey(t, 2), "alice", word), ErrKey},
		{"another key under our name", "alice", version + "." + head + "." + strings.Split(sealed(t, testKey(t, 2), "alice", word), ".")[2], ErrDamaged},
		{"empty", "alice", "", ErrFormat},
		{"the password itself", "alice", word, ErrFormat},
		{"another version", "alice", "seal2." + head + "." + blob, ErrFormat},
		{"no key id", "alice", version + ".." + blob, ErrFormat},
		{"a part more", "alice", good + ".x", ErrFormat},
		{"not base64", "alice", version + "." + head + ".!!!", ErrFormat},
		{"line break", "alice", version + "." + head + "." + blob[:8] + "\n" + blob[8:], ErrFormat},
		{"cut short", "alice", good[:len(good)-4], ErrFormat},
		{"nonce only", "alice", version + "." + head + "." + blob[:32], ErrFormat},
		{"longer", "alice", good + "AAAA", ErrDamaged},
		{"endless", "alice", version + "." + head + "." + strings.Repeat("A", maxSealed), ErrFormat},
	} {
		got, err := k.Open(c.account, c.text)
		if !errors.Is(err, c.want) || !got.Empty() {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error shows the text: %v", c.name, err)
		}
	}
}

// TestTampering: whatever bit is changed, nothing opens.
func TestTampering(t *testing.T) {
	t.Parallel()
	k := testKey(t, 1)
	parts := strings.Split(sealed(t, k, "alice", word), ".")
	blob, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(blob) * 8 {
		bad := bytes.Clone(blob)
		bad[i/8] ^= 1 << (i % 8)
		parts[2] = base64.RawURLEncoding.EncodeToString(bad)
		if got, err := k.Open("alice", strings.Join(parts, ".")); !errors.Is(err, ErrDamaged) || !got.Empty() {
			t.Fatalf("bit %d changed: %v", i, err)
		}
	}
}

func TestSealHasABound(t *testing.T) {
	t.Parallel()
	k := testKey(t, 1)
	long := strings.Repeat("x", maxPlain)
	if got, err := k.Open("alice", sealed(t, k, "alice", long)); err != nil || got.Reveal() != long {
		t.Errorf("the longest text does not come back: %v", err)
	}
	if _, err := k.Seal("alice", NewSecret(long+"x")); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
}

func TestKeysHaveOneSize(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 16, 31, 33, 64} {
		raw := bytes.Repeat([]byte("k"), n)
		if _, err := NewKey(raw); err == nil || strings.Contains(err.Error(), "kk") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if a, b := testKey(t, 1), testKey(t, 2); a.ID() == b.ID() || len(a.ID()) != 8 {
		t.Errorf("ids %s and %s", a.ID(), b.ID())
	}
}

// TestPadding: what was not padded by us does not come out as a text.
func TestPadding(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]byte{nil, make([]byte, block), []byte("text"), {0x80, 1}} {
		if got, ok := unpad(bad); ok {
			t.Errorf("%x is %q", bad, got)
		}
	}
}

// verbs of fmt, fitting and not.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T %v", "%U", "%e", "%c", "%08.3s"}

// TestNothingShowsASecret: no way of printing shows a secret or a key, alone, in a struct, or behind an unexported field.
func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	raw := []byte("0123456789abcdefghijklmnopqrstuv")
	k, err := NewKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	secret := NewSecret(word)
	type inner struct {
		s Secret
		k *Key
		v Key
	}
	values := []any{secret, &secret, k, *k, inner{secret, k, *k}, &inner{secret, k, *k}, []Secret{secret}, map[string]Secret{"a": secret},
		struct{ Password Secret }{secret}, []any{secret, k}, NewHasher(DefaultCost, 1)}
	var out bytes.Buffer
	text := slog.New(slog.NewTextHandler(&out, nil))
	jsonLog := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range values {
		for _, verb := range verbs {
			if verb == "%p" {
				continue // an address by definition
			}
			fmt.Fprintf(&out, verb+"\n", v)
			fmt.Fprintf(&out, verb+"\n", v, v)
		}
		fmt.Fprintln(&out, v)
		text.Info("log", "value", v)
		jsonLog.Info("log", "value", v)
		if blob, err := json.Marshal(v); err == nil {
			out.Write(blob)
		}
	}
	for _, told := range []string{word, fmt.Sprintf("%x", word), fmt.Sprintf("%X", word), fmt.Sprintf("%d", []byte(word)), string(raw), fmt.Sprintf("%x", raw), fmt.Sprint(raw[:4])[1:9]} {
		if i := strings.Index(out.String(), told); i >= 0 {
			t.Errorf("%q is shown: …%s…", told, out.String()[max(0, i-80):min(out.Len(), i+80)])
		}
	}
	if !strings.Contains(out.String(), hidden) || !strings.Contains(out.String(), k.ID()) {
		t.Error("this test prints nothing")
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	empty, a := NewSecret(""), NewSecret(word)
	switch {
	case !empty.Empty() || empty.Reveal() != "" || empty.String() != "" || fmt.Sprint(empty) != "":
		t.Error("an empty secret is not empty")
	case a.Empty() || a.Reveal() != word || a.String() != "***":
		t.Error("a secret is not what it was made of")
	case !a.Equal(NewSecret(word)) || a.Equal(NewSecret(word+"x")) || a.Equal(empty) || !empty.Equal(Secret{}):
		t.Error("Equal compares wrongly")
	}
	if text, err := a.MarshalText(); err != nil || string(text) != hidden {
		t.Errorf("%s, %v", text, err)
	}
}

// FuzzOpen: any text either opens as what was sealed, or is refused without a panic.
func FuzzOpen(f *testing.F) {
	k := testKey(f, 1)
	nonce := make([]byte, chacha20poly1305.NonceSizeX) // the same in every process of the fuzzer
	good := version + "." + k.ID() + "." + base64.RawURLEncoding.EncodeToString(k.aead().Seal(nonce, nonce, pad(word), bind("alice")))
	f.Add("alice", good)
	f.Add("bob", good)
	f.Add("alice", good[:len(good)/2])
	f.Add("alice", version+"."+k.ID()+"."+strings.Repeat("A", 139))
	f.Add("alice", "..")
	f.Fuzz(func(t *testing.T, account, text string) {
		got, err := k.Open(account, text)
		switch {
		case err != nil && !got.Empty():
			t.Errorf("%v, and a text", err)
		case err == nil && (text != good || account != "alice" || got.Reveal() != word):
			t.Errorf("%q opens for %q", text, account)
		case err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrKey) && !errors.Is(err, ErrDamaged):
			t.Errorf("another error: %v", err)
		}
	})
}
