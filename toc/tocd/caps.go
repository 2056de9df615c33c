package tocd

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// capability is the UUID of something a client can do.
type capability [16]byte

// The capabilities with a short form differ in their third and fourth byte.
const (
	shortPrefix = "0946"
	shortRest   = "-4c7f-11d1-8222-444553540000"
)

var chatCapability = mustCapability("748f2420-6287-11d1-8222-444553540000")

// defaultCaps is what a session has that sent no toc_set_caps.
var defaultCaps = []capability{chatCapability}

// hiddenCapabilities are never shown to others: voice chat, games, ICQ.
var hiddenCapabilities = []capability{
	mustCapability(shortPrefix + "1341" + shortRest),
	mustCapability(shortPrefix + "134a" + shortRest),
	mustCapability(shortPrefix + "134d" + shortRest),
}

func mustCapability(s string) capability {
	c, ok := parseUUID(s)
	if !ok {
		panic("tocd: bad capability " + s)
	}
	return c
}

// parseUUID reads a UUID in any of its common forms: with dashes, without, in
// braces, or as a URN.
func parseUUID(s string) (c capability, ok bool) {
	if len(s) == 45 && strings.EqualFold(s[:9], "urn:uuid:") {
		s = s[9:]
	}
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) == 36 {
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return c, false
		}
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return c, false
	}
	_, err := hex.Decode(c[:], []byte(s))
	return c, err == nil
}

// parseCaps reads the arguments of toc_set_caps: UUIDs and short forms, also in
// comma lists. Words that are neither are skipped; chat is always there.
func parseCaps(args []string) []capability {
	var all []capability
	for _, arg := range args {
		for word := range strings.SplitSeq(arg, ",") {
			word = strings.TrimSpace(word)
			c, ok := parseUUID(word)
			if n, err := strconv.ParseUint(word, 16, 16); err == nil && len(word) <= 4 {
				short := strconv.FormatUint(0x10000|n, 16)[1:]
				c, ok = parseUUID(shortPrefix + short + shortRest)
			}
			if ok && !slices.Contains(hiddenCapabilities, c) {
				all = append(all, c)
			}
		}
	}
	return append(all, chatCapability)
}

// caps lists what any session of the user can do, in order.
func (u *user) caps(short bool) []string {
	var all []capability
	for _, s := range u.sessions {
		all = append(all, s.caps...)
	}
	slices.SortFunc(all, func(a, b capability) int { return bytes.Compare(a[:], b[:]) })
	all = slices.Compact(all)
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.String()
		if short && strings.HasPrefix(out[i], shortPrefix) && strings.HasSuffix(out[i], shortRest) {
			out[i] = strings.ToUpper(out[i][4:8])
		}
	}
	return out
}

// String gives the usual form, lower case with dashes.
func (c capability) String() string {
	h := hex.EncodeToString(c[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }
