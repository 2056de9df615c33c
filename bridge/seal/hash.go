package seal

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is what one hash takes.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultCost is the first of OWASP's equal choices for argon2id with less memory than 46 MiB (Password Storage Cheat Sheet).
var DefaultCost = Cost{Memory: 19 << 10, Time: 2, Threads: 1}

// What a hash that is read may ask for: nobody's file makes us take gigabytes, or hours.
var maxCost = Cost{Memory: 64 << 10, Time: 16, Threads: 8}

const (
	saltSize    = 16
	hashSize    = 32
	minSaltSize = 8
	minHashSize = 16
	maxPartSize = 64
)

// ErrHash says that a text is no hash that we could have made.
var ErrHash = errors.New("seal: not an argon2id hash of version 19 within bounds")

// Hasher makes and verifies argon2id hashes (RFC 9106), a few at a time.
type Hasher struct {
	cost  Cost
	slots chan struct{}
}

// NewHasher makes a Hasher that hashes at most n secrets at the same time, so that it takes n times the cost's memory at most;
// who comes when all are busy waits.
func NewHasher(cost Cost, n int) *Hasher {
	return &Hasher{cost: cost, slots: make(chan struct{}, n)}
}

// Hash is a PHC string of the secret, with a salt of its own.
func (h *Hasher) Hash(ctx context.Context, secret Secret) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("seal: no random numbers: %w", err)
	}
	sum, err := h.derive(ctx, secret, phc{h.cost, salt, make([]byte, hashSize)})
	if err != nil {
		return "", err
	}
	return phc{h.cost, salt, sum}.String(), nil
}

// Verify reports whether a hash is that of the secret.
func (h *Hasher) Verify(ctx context.Context, hash string, secret Secret) (bool, error) {
	p, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	sum, err := h.derive(ctx, secret, p)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, p.sum) == 1, nil
}

// derive computes the hash when a slot is free. argon2 itself cannot be interrupted; at DefaultCost it takes some 20 ms.
func (h *Hasher) derive(ctx context.Context, secret Secret, p phc) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(secret.Reveal()), p.salt, p.cost.Time, p.cost.Memory, p.cost.Threads, uint32(len(p.sum))), nil
}

// phc is a hash as the PHC string format has it: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
type phc struct {
	cost      Cost
	salt, sum []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.cost.Memory, p.cost.Time, p.cost.Threads, b64(p.salt), b64(p.sum))
}

// parsePHC takes what String makes and nothing else.
func parsePHC(s string) (p phc, err error) {
	parts := strings.Split(s, "$")
	if len(s) > 512 || len(parts) != 6 {
		return phc{}, ErrHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.cost.Memory, &p.cost.Time, &p.cost.Threads); err != nil {
		return phc{}, ErrHash
	}
	b64 := base64.RawStdEncoding.Strict()
	var err1, err2 error
	p.salt, err1 = b64.DecodeString(parts[4])
	p.sum, err2 = b64.DecodeString(parts[5])
	if err1 != nil || err2 != nil || !p.sane() || p.String() != s {
		return phc{}, ErrHash
	}
	return p, nil
}

// sane reports whether the numbers are within our bounds and those of argon2.
func (p phc) sane() bool {
	c := p.cost
	return c.Threads >= 1 && c.Threads <= maxCost.Threads && c.Time >= 1 && c.Time <= maxCost.Time &&
		c.Memory >= 8*uint32(c.Threads) && c.Memory <= maxCost.Memory &&
		len(p.salt) >= minSaltSize && len(p.salt) <= maxPartSize && len(p.sum) >= minHashSize && len(p.sum) <= maxPartSize
}
