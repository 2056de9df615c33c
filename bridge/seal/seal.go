package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the size of a key, bytes.
const KeySize = chacha20poly1305.KeySize

// A sealed text is version.keyID.blob: the blob is nonce, ciphertext and tag in base64 (RFC 4648 §5, unpadded). The plaintext is
// padded to blocks, so that its length tells little.
const (
	version   = "seal1"
	block     = 64
	maxPlain  = 4096
	maxSealed = 8192
)

// What may be wrong with a sealed text. None of them says more than that.
var (
	ErrFormat  = errors.New("seal: not a sealed text")
	ErrKey     = errors.New("seal: sealed with another key")
	ErrDamaged = errors.New("seal: damaged, or sealed for another account")
	ErrTooLong = fmt.Errorf("seal: longer than %d bytes", maxPlain)
)

// Key seals and opens. It may be used by many goroutines.
type Key struct {
	aead func() cipher.AEAD // a function: package fmt can follow any other value down to the key
	id   string
}

// NewKey makes a Key of KeySize bytes.
func NewKey(raw []byte) (*Key, error) {
	aead, err := chacha20poly1305.NewX(raw)
	if err != nil {
		return nil, fmt.Errorf("seal: a key has %d bytes, not %d", KeySize, len(raw))
	}
	sum := sha256.Sum256(append([]byte("tocbridge key id\x00"), raw...))
	return &Key{aead: func() cipher.AEAD { return aead }, id: hex.EncodeToString(sum[:4])}, nil
}

// ID names the key without giving it away: 8 hex digits.
func (k *Key) ID() string { return k.id }

// String names the key without giving it away.
func (k *Key) String() string { return "key " + k.id }

// Format implements fmt.Formatter: no verb shows more than String.
func (k *Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// Seal encrypts a secret for an account: XChaCha20-Poly1305 with a random nonce, the account as associated data.
func (k *Key) Seal(account string, secret Secret) (string, error) {
	plain := secret.Reveal()
	if len(plain) > maxPlain {
		return "", ErrTooLong
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal: no random numbers: %w", err)
	}
	blob := k.aead().Seal(nonce, nonce, pad(plain), bind(account))
	return version + "." + k.id + "." + base64.RawURLEncoding.EncodeToString(blob), nil
}

// Open decrypts what Seal made for the same account. The error is ErrFormat, ErrKey or ErrDamaged.
func (k *Key) Open(account, sealed string) (Secret, error) {
	blob, id, err := parse(sealed)
	if err != nil {
		return Secret{}, err
	}
	if id != k.id {
		return Secret{}, ErrKey
	}
	nonce, text := blob[:chacha20poly1305.NonceSizeX], blob[chacha20poly1305.NonceSizeX:]
	padded, err := k.aead().Open(nil, nonce, text, bind(account))
	if err != nil {
		return Secret{}, ErrDamaged
	}
	plain, ok := unpad(padded)
	if !ok {
		return Secret{}, ErrDamaged
	}
	return NewSecret(plain), nil
}

// parse takes a sealed text apart.
func parse(sealed string) (blob []byte, id string, err error) {
	if len(sealed) > maxSealed {
		return nil, "", ErrFormat
	}
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != version || len(parts[1]) != 8 {
		return nil, "", ErrFormat
	}
	blob, err = base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || strings.ContainsAny(parts[2], "\r\n") || len(blob) < chacha20poly1305.NonceSizeX+block+chacha20poly1305.Overhead {
		return nil, "", ErrFormat
	}
	return blob, parts[1], nil
}

// bind is the associated data: a text sealed for one account, or by another version, does not open for the next.
func bind(account string) []byte { return []byte(version + "\x00" + account) }

// pad fills a text up to whole blocks: one byte 0x80, then zeros (ISO/IEC 7816-4).
func pad(plain string) []byte {
	out := make([]byte, (len(plain)/block+1)*block)
	copy(out, plain)
	out[len(plain)] = 0x80
	return out
}

func unpad(padded []byte) (string, bool) {
	i := len(padded) - 1
	for i >= 0 && padded[i] == 0 {
		i--
	}
	if i < 0 || padded[i] != 0x80 {
		return "", false
	}
	return string(padded[:i]), true
}
