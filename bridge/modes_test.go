package bridge

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tocbridge/toc"
)

// TestISupportIsTrue: what 005 promises about lengths is kept.
func TestISupportIsTrue(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	long := strings.Repeat("ü", 220)
	c.Send("TOPIC #My_Room :%s", long)
	if m := c.Expect("TOPIC #My_Room *"); len(m.Trailing()) > textLen || !utf8.ValidString(m.Trailing()) || len(m.Trailing()) < textLen-1 {
		t.Errorf("a topic of %d bytes", len(m.Trailing()))
	}
	c.Send("AWAY :%s", long)
	end.expect(toc.SetAway{Text: long[:textLen]})
	c.Send("SETNAME :%s", strings.Repeat("x", nameLen+1))
	c.Expect("NOTICE alice :SETNAME: Real name is too long")
	c.Send("MODE &buddies +bbbbbb a1 b2 c3 d4 e5 f6")
	for _, nick := range []string{"a1", "b2", "c3", "d4", "e5", "f6"} {
		c.Expect("MODE &buddies +b " + nick + "!*@*")
	}
}
