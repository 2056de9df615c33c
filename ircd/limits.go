package ircd

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Limits bound what a client may cost. Zero of a field switches that limit off; the sizes of a line have no switch.
type Limits struct {
	Conns               int           // connections in all
	PerAddr             int           // connections of one address (IPv6: of one /64); unix sockets and pipes are not counted
	PerAddrUnregistered int           // those of them that have not registered yet
	LoginFailures       int           // failed logins a minute, per address and per account; more are refused unheard
	Register            time.Duration // time to register in
	Ping                time.Duration // quiet for so long: PING
	Pong                time.Duration // and quiet for so long after it: closed
	Write               time.Duration // a write may take so long
	SendQ               int           // bytes waiting to be written
	RecvQ               int           // bytes without a newline
	Burst               int           // commands at once before fakelag sets in
	Rate                float64       // commands a second from then on
}

// DefaultLimits are generous for people and tight for machines.
func DefaultLimits() Limits {
	return Limits{
		Conns: 16384, PerAddr: 128, PerAddrUnregistered: 32, LoginFailures: 10,
		Register: 30 * time.Second, Ping: 2 * time.Minute, Pong: time.Minute, Write: 30 * time.Second,
		SendQ: 1 << 20, RecvQ: 16 << 10, Burst: 200, Rate: 50,
	}
}

// full says why an address that has so many connections may have no more; "" when it may.
func (l *Limits) full(addr string, n addrCount) string {
	switch {
	case addr == "":
	case l.PerAddr > 0 && n.all >= l.PerAddr:
		return "Too many connections from your address"
	case l.PerAddrUnregistered > 0 && n.unregistered >= l.PerAddrUnregistered:
		return "Too many connections from your address that have not logged in"
	}
	return ""
}

// addrKey is what an address counts as: an IPv4 address, an IPv6 /64, "" for what has no address.
func addrKey(a net.Addr) string {
	ip, ok := addrOf(a)
	if !ok {
		return ""
	}
	if ip.Is4() {
		return ip.String()
	}
	p, _ := ip.Prefix(64) // 64 is always valid for IPv6
	return p.String()
}

func addrOf(a net.Addr) (netip.Addr, bool) {
	if a == nil {
		return netip.Addr{}, false
	}
	if t, ok := a.(*net.TCPAddr); ok {
		ip := t.AddrPort().Addr().Unmap().WithZone("")
		return ip, ip.IsValid()
	}
	p, err := netip.ParseAddrPort(a.String())
	return p.Addr().Unmap().WithZone(""), err == nil
}

// hostOf is the host part of a client's prefix until the session gives another.
func hostOf(a net.Addr) string {
	ip, ok := addrOf(a)
	if !ok {
		return "localhost"
	}
	s := ip.String()
	if s[0] == ':' {
		s = "0" + s // a leading colon would end the prefix
	}
	return s
}

// bucket is fakelag: a client may send burst commands at once and rate a second from then on; its next lines are read
// later, not lost. Owned by the reader.
type bucket struct {
	tokens, burst, rate float64
	last                time.Time
}

func newBucket(l Limits, now time.Time) bucket {
	burst := max(float64(l.Burst), 1)
	return bucket{tokens: burst, burst: burst, rate: l.Rate, last: now}
}

// take takes one token and says how long to wait for it.
func (b *bucket) take(now time.Time) time.Duration { return b.takePart(now, 1) }

// takePart takes so much of a token.
func (b *bucket) takePart(now time.Time, cost float64) time.Duration {
	b.tokens = min(b.burst, b.tokens+now.Sub(b.last).Seconds()*b.rate) - cost
	b.last = now
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / b.rate * float64(time.Second))
}

// batchLineCost is what a line inside a batch counts for fakelag, beside a command's 1: it does nothing by itself, and
// a whole batch comes at once.
const batchLineCost = 0.125

// slowDown waits as fakelag wants it.
func (c *Conn) slowDown(line []byte) {
	if c.lag.rate <= 0 {
		return
	}
	cost := 1.0
	if c.Has(CapMultiline) && isBatchLine(line) {
		cost = batchLineCost
	}
	wait := c.lag.takePart(time.Now(), cost)
	if wait <= 0 {
		return
	}
	c.flush()
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.ctx.Done():
	}
}

const (
	failureWindow = time.Minute
	maxFailures   = 1 << 14 // keys remembered; beyond that some are forgotten early
)

// failures counts failed logins by key in fixed windows.
type failures struct {
	mu   sync.Mutex
	seen map[string]failure
}

type failure struct {
	since time.Time
	n     int
}

// over tells whether any key has failed limit times in its window.
func (f *failures) over(limit int, now time.Time, keys ...string) bool {
	if limit <= 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range keys {
		if w, ok := f.seen[k]; ok && w.n >= limit && now.Sub(w.since) < failureWindow {
			return true
		}
	}
	return false
}

func (f *failures) add(now time.Time, keys ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		f.seen = make(map[string]failure)
	}
	for _, k := range keys {
		w, ok := f.seen[k]
		if !ok || now.Sub(w.since) >= failureWindow {
			f.prune(now)
			w = failure{since: now}
		}
		w.n++
		f.seen[k] = w
	}
}

// prune keeps the map bounded however many names are tried.
func (f *failures) prune(now time.Time) {
	if len(f.seen) < maxFailures {
		return
	}
	for k, w := range f.seen {
		if now.Sub(w.since) >= failureWindow {
			delete(f.seen, k)
		}
	}
	if len(f.seen) < maxFailures/2 {
		return
	}
	for k := range f.seen { // down to half, so that this work is rare
		if len(f.seen) <= maxFailures/2 {
			return
		}
		delete(f.seen, k)
	}
}
