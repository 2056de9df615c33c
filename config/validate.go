package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Values of the keys that take a word. Cmd turns them into the other packages'
// constants.
const (
	LoginTOC2    = "toc2_login"
	SignOnTOC2   = "toc2_signon"
	SignOnTOC1   = "toc_signon"
	PaceOscar    = "oscar"
	PaceOff      = "off"
	FormatText   = "text"
	FormatJSON   = "json"
	EntitiesAuto = "auto"
	Always       = "always"
	Never        = "never"
	minDuration  = time.Millisecond
	maxNameBytes = 63
	maxAwayBytes = 390 // what AWAY takes (AWAYLEN)
)

// Validate reports everything that no server could run with. The errors are
// *KeyError, joined.
func (c Config) Validate() error { return c.validate(origins{}) }

func (c Config) validate(from origins) error {
	var faults []error
	report := func(key string, err error) {
		if err != nil {
			faults = append(faults, from.name(key, err))
		}
	}
	c.reportWays(report)
	report("irc.hostname", checkHostname(c.IRC.Hostname))
	report("irc.network", checkNetwork(c.IRC.Network))
	report("toc.server", checkServer(c.TOC.Server))
	report("toc.login", oneOf(c.TOC.Login, LoginTOC2, SignOnTOC2, SignOnTOC1))
	report("toc.pace", oneOf(c.TOC.Pace, PaceOscar, PaceOff))
	report("toc.reconnect_min", checkPauses(c.TOC.ReconnectMin, c.TOC.ReconnectMax))
	report("toc.entities", oneOf(c.TOC.Entities, EntitiesAuto, Always, Never))
	report("bridge.away_text", checkAway(c.Bridge.AwayText))
	report("bridge.idle_after", checkIdle(c.Bridge.IdleAfter))
	report("log.level", oneOf(c.Log.Level, "debug", "info", "warn", "error"))
	report("log.format", oneOf(c.Log.Format, FormatText, FormatJSON))
	for _, f := range fields(&c) {
		report(f.key(), checkNumber(f.value.Interface()))
	}
	return errors.Join(faults...)
}

// checkPauses keeps a server that is in trouble from being asked more than once a
// second by each account.
func checkPauses(least, most time.Duration) error {
	switch {
	case least < time.Second:
		return fmt.Errorf("%v is too short; 1s is the least", least)
	case most < least:
		return fmt.Errorf("%v is more than toc.reconnect_max, which is %v", least, most)
	}
	return nil
}

func splitAddress(addr string) (host string, port uint16, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not an address of the form host:port", addr)
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%q: the port has to be a number from 0 to 65535", addr)
	}
	return host, uint16(n), nil
}

// loopback is about the text only: a name could resolve to anything, now or
// later, save localhost (RFC 6761 section 6.3).
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func checkServer(addr string) error {
	host, port, err := splitAddress(addr)
	if err != nil {
		return err
	}
	if host == "" || port == 0 {
		return fmt.Errorf("%q names no server to connect to", addr)
	}
	return nil
}

var hostname = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

func checkHostname(s string) error {
	if len(s) > maxNameBytes || !hostname.MatchString(s) {
		return fmt.Errorf("%q is not a server name: letters, digits and hyphens with at least one dot, %d at most", s, maxNameBytes)
	}
	return nil
}

func checkNetwork(s string) error {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '=' || r == '\\' }
	if s == "" || len(s) > maxNameBytes || strings.ContainsFunc(s, odd) {
		return fmt.Errorf(`%q is not a network name: one word of at most %d ASCII characters, without = and \`, s, maxNameBytes)
	}
	return nil
}

func checkAway(s string) error {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if len(s) > maxAwayBytes || !utf8.ValidString(s) || strings.ContainsFunc(s, control) {
		return fmt.Errorf("%q is not an away message: one line of at most %d bytes", s, maxAwayBytes)
	}
	return nil
}

// checkIdle: AIM counts idleness in minutes, and a shorter time than one would
// tell it of every pause.
func checkIdle(d time.Duration) error {
	if d > 0 && d >= minDuration && d < time.Minute {
		return fmt.Errorf("%v is too short; 0s is off, 1m the least", d)
	}
	return nil
}

func oneOf(s string, words ...string) error {
	if slices.Contains(words, s) {
		return nil
	}
	last := len(words) - 1
	return fmt.Errorf("needs %s or %s, not %q", strings.Join(words[:last], ", "), words[last], s)
}

// checkNumber holds for every number and duration there is: 0 is off, less is
// nonsense, and a duration under a millisecond has lost its unit on the way.
func checkNumber(v any) error {
	switch x := v.(type) {
	case int:
		if x < 0 {
			return fmt.Errorf("%d is less than 0", x)
		}
	case float64:
		if !(x >= 0) || math.IsInf(x, 0) { // nor NaN
			return fmt.Errorf("%v is not a number from 0 up", x)
		}
	case time.Duration:
		if x < 0 || x > 0 && x < minDuration {
			return fmt.Errorf("%v is too short; 0s is off, %v the least", x, minDuration)
		}
	}
	return nil
}
