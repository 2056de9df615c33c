package bridge

import (
	"encoding/base64"
	"fmt"
	"strings"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// fileTLV is where a proposal of a file says which one: two numbers of 16 bits (several, how many), one of 32 (bytes in
// all), then the name, ending in NUL (OSCAR's file transfer; TOC2 reference §4.3).
const fileTLV = 10001

// proposed is RVOUS_PROPOSE: somebody offers a file, or something else for which two clients talk directly. The bridge
// cannot; it says so to both.
func (s *session) proposed(e toc.RvousPropose) {
	from := s.metAside(e.From)
	what := "to connect directly"
	if name := offeredFile(e); name != "" {
		what = fmt.Sprintf("to send you %s", name)
	} else if strings.HasPrefix(strings.ToLower(e.UUID), "09461343") {
		what = "to send you a file"
	}
	m := ircd.NewMessage(from.prefix, "NOTICE", s.Nick(), "wants "+what+", which does not work over this bridge: declined")
	s.broadcast(s.said(m, from, aside{}))
	s.send(toc.RvousCancel{Name: toc.ScreenName(from.key), Cookie: e.Cookie, UUID: e.UUID})
}

// offeredFile is the name of the file that is offered, as far as it is told.
func offeredFile(e toc.RvousPropose) string {
	for _, tlv := range e.TLVs {
		b, err := base64.StdEncoding.DecodeString(tlv.Value)
		if tlv.Tag != fileTLV || err != nil || len(b) <= 8 {
			continue
		}
		name, _, _ := strings.Cut(string(b[8:]), "\x00")
		return cut(strings.TrimSpace(strings.ReplaceAll(richtext.Plain(toc.DecodeText(name)).String(), "\n", " ")))
	}
	return ""
}

// buddyAdded is NEW_BUDDY_REPLY2. Whoever has to agree first is not seen before (AOL: "auth").
func (s *session) buddyAdded(e toc.NewBuddyReply) {
	if e.Status != "" && e.Status != "added" {
		s.news(fmt.Sprintf("AIM has %s on your list, but they have to agree first that you see them (%s).", s.roster.contact(e.Name).nick(), e.Status))
	}
}
