package ircd

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
)

// Certificate is a TLS certificate with its key, in two PEM files. When one of them changes, the next handshake is done
// with the new pair; a pair that cannot be used is logged, and the old one kept.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]

	mu   sync.Mutex // guards the following
	seen [2]os.FileInfo
}

// LoadCertificate reads the files: the certificate with its chain, and the key. A nil logger is none.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(c.stat()); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the files again, changed or not, and logs what came of it. After an error the old certificate is still
// in use.
func (c *Certificate) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reload(c.stat())
}

func (c *Certificate) reload(now [2]os.FileInfo) error {
	if err := c.load(now); err != nil {
		c.log.Error("new certificate is not usable, the old one stays in use", "err", err)
		return err
	}
	leaf := c.current.Load().Leaf
	c.log.Info("certificate loaded", "file", c.certFile, "names", leaf.DNSNames, "until", leaf.NotAfter)
	return nil
}

// load reads the files, which stood at now just before: what changes while it reads is seen as a change later.
func (c *Certificate) load(now [2]os.FileInfo) error {
	c.seen = now
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	c.current.Store(&pair)
	return nil
}

// stat is how the files stand; nil for one that cannot be seen.
func (c *Certificate) stat() (now [2]os.FileInfo) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			now[i] = info
		}
	}
	return now
}

// get is called by every handshake. Two stats are nothing beside its arithmetic, and need no goroutine that watches.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.mu.TryLock() { // or somebody is looking already
		defer c.mu.Unlock()
		if now := c.stat(); !same(now[0], c.seen[0]) || !same(now[1], c.seen[1]) {
			_ = c.reload(now) // logged
		}
	}
	return c.current.Load(), nil
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// Config is the TLS configuration of an IRC listener: TLS 1.2 or better. The client is asked for a certificate, which
// may be of anybody's making: what counts is its fingerprint.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, ClientAuth: tls.RequestClientCert}
}

// WebConfig is Config for browsers: they would ask their user to choose a certificate.
func (c *Certificate) WebConfig() *tls.Config {
	cfg := c.Config()
	cfg.ClientAuth = tls.NoClientCert
	return cfg
}

// fingerprint is the SHA-256 of the certificate that the client showed, "" without one.
func fingerprint(state tls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 {
		return ""
	}
	sum := sha256.Sum256(state.PeerCertificates[0].Raw)
	return hex.EncodeToString(sum[:])
}
