package ircdtest

import (
	"os"
	"strings"
)

// Play runs a recorded dialogue: a file of lines that begin with
//
//	>  what the client sends
//	<  a pattern the next message must match
//	<< a pattern that must come before anything further is sent; what comes first is passed over
//	=  the server must close here
//	#  a comment; blank lines too
//
// In lines and patterns ${name} stands for what vars has under it.
func (c *Client) Play(path string, vars map[string]string) {
	c.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		c.fatalf("%v", err)
	}
	expand := func(s string) string { return os.Expand(s, func(k string) string { return vars[k] }) }
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		if verb != ">" {
			rest = strings.TrimSpace(rest)
		}
		switch verb {
		case "", "#":
		case ">":
			c.SendLine(expand(rest))
		case "<":
			c.ExpectNext(expand(rest))
		case "<<":
			c.Expect(expand(rest))
		case "=":
			c.ExpectClosed()
		default:
			c.fatalf("%s: bad line %q", path, line)
		}
	}
}

// SendLine sends one line as it is.
func (c *Client) SendLine(line string) {
	c.t.Helper()
	c.note(">", line)
	c.SendRaw(line + "\r\n")
}
