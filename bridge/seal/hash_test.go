package seal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// cheap is for tests.
var cheap = Cost{Memory: 8, Time: 1, Threads: 1}

func TestHashVerifies(t *testing.T) {
	t.Parallel()
	h := NewHasher(cheap, 2)
	rapid.Check(t, func(r *rapid.T) {
		text, other := rapid.String().Draw(r, "text"), rapid.String().Draw(r, "other")
		hash, err := h.Hash(t.Context(), NewSecret(text))
		if err != nil {
			r.Fatal(err)
		}
		if ok, err := h.Verify(t.Context(), hash, NewSecret(text)); err != nil || !ok {
			r.Fatalf("its own text: %v, %v", ok, err)
		}
		if ok, err := h.Verify(t.Context(), hash, NewSecret(other)); err != nil || ok != (text == other) {
			r.Fatalf("another text: %v, %v", ok, err)
		}
	})
}

// TestKnownHash: a hash made by another implementation (the argon2 command of the reference implementation's test vectors,
// "password" with "somesalt", 2 passes, 64 MiB).
func TestKnownHash(t *testing.T) {
	t.Parallel()
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := NewHasher(DefaultCost, 1)
	for text, want := range map[string]bool{"password": true, "Password": false} {
		if ok, err := h.Verify(t.Context(), known, NewSecret(text)); err != nil || ok != want {
			t.Errorf("%s: %v, %v", text, ok, err)
		}
	}
}

func TestDefaultCost(t *testing.T) {
	t.Parallel()
	hash, err := NewHasher(DefaultCost, 1).Hash(t.Context(), NewSecret(word))
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s, %v", hash, err)
	}
	if strings.Contains(hash, word) {
		t.Error("the hash shows the text")
	}
}

func TestHashesHaveASaltEach(t *testing.T) {
	t.Parallel()
	h := NewHasher(cheap, 1)
	a, err1 := h.Hash(t.Context(), NewSecret(word))
	b, err2 := h.Hash(t.Context(), NewSecret(word))
	if err := errors.Join(err1, err2); err != nil || a == b {
		t.Errorf("%s, %s, %v", a, b, err)
	}
}

func TestBadHashes(t *testing.T) {
	t.Parallel()
	const salt, sum = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := NewHasher(cheap, 1)
	for _, bad := range []string{
		"", "$", "$$$$$", word,
		"$argon2i$v=19$m=64,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=16$m=64,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$m=64,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=64,t=2$" + salt + "$" + sum,
		"$argon2id$v=19$m=064,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=+64,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=64,t=2,p=1,x=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=65537,t=2,p=1$" + salt + "$" + sum, // too much
		"$argon2id$v=19$m=4294967295,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=4294967296,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=64,t=17,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=64,t=2,p=0$" + salt + "$" + sum,
		"$argon2id$v=19$m=64,t=2,p=256$" + salt + "$" + sum,
		"$argon2id$v=19$m=64,t=2,p=9$" + salt + "$" + sum,
		"$argon2id$v=19$m=7,t=2,p=1$" + salt + "$" + sum, // less than argon2 has
		"$argon2id$v=19$m=64,t=2,p=1$c29t$" + sum,        // salt too short
		"$argon2id$v=19$m=64,t=2,p=1$" + salt + "$CTFh",  // sum too short
		"$argon2id$v=19$m=64,t=2,p=1$" + salt + "$",
		"$argon2id$v=19$m=64,t=2,p=1$" + salt + "$" + strings.Repeat("A", 400),
		"$argon2id$v=19$m=64,t=2,p=1$" + salt + "=$" + sum,
		"$argon2id$v=19$m=64,t=2,p=1$" + salt + "$" + sum + "\n",
		"$argon2id$v=19$m=64,t=2,p=1$" + salt + "$" + sum + "$x",
		strings.Repeat("$argon2id", 1000),
	} {
		if ok, err := h.Verify(t.Context(), bad, NewSecret("password")); !errors.Is(err, ErrHash) || ok {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
}

// TestHasherIsBounded: more than its slots never hash at the same time, and who waits for one can give up.
func TestHasherIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(cheap, 2)
		h.slots <- struct{}{} // two hashes that do not end
		h.slots <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		var mu sync.Mutex
		var errs []error
		for range 5 {
			waiting.Go(func() {
				_, err := h.Hash(ctx, NewSecret(word))
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			})
		}
		synctest.Wait()
		if len(errs) != 0 {
			t.Fatalf("%d hashed beside the two", len(errs))
		}
		<-h.slots // one ends: the others take its place in turn
		waiting.Wait()
		cancel()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		h.slots <- struct{}{}
		if _, err := h.Hash(ctx, NewSecret(word)); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		waiting.Go(func() {
			if ok, err := h.Verify(ctx, phc{cheap, make([]byte, saltSize), make([]byte, hashSize)}.String(), NewSecret(word)); ok || !errors.Is(err, context.Canceled) {
				t.Errorf("gave up with %v, %v", ok, err)
			}
		})
		synctest.Wait()
		cancel()
		waiting.Wait()
		if len(h.slots) != 2 {
			t.Errorf("%d slots taken", len(h.slots))
		}
	})
}

// FuzzPHC: whatever is taken is written back as it was, and is within the bounds.
func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m= 8,t=1,p=1$$")
	f.Add(fmt.Sprintf("$argon2id$v=19$m=%d,t=1,p=1$$", uint64(1)<<33))
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		switch {
		case err != nil && (p.salt != nil || !errors.Is(err, ErrHash)):
			t.Errorf("%q: %v", s, err)
		case err == nil && (p.String() != s || p.cost.Memory > maxCost.Memory || p.cost.Time > maxCost.Time || p.cost.Threads > maxCost.Threads):
			t.Errorf("%q is taken as %v", s, p)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := NewHasher(DefaultCost, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), NewSecret(word)); err != nil {
			b.Fatal(err)
		}
	}
}
