package ircd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
)

// v2 is a header of version 2.
func v2(command, family byte, payload string) string {
	b := append([]byte(nil), proxyV2...)
	b = append(b, command, family)
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	return string(b) + payload
}

const (
	v2four = "\xc0\x00\x02\x01\x7f\x00\x00\x01\x04\xd2\x1a\x0b" // 192.0.2.1:1234 to 127.0.0.1:6667
	v2ssl  = "\x20\x00\x05\x01\x00\x00\x00\x00"                 // PP2_TYPE_SSL, client flag
)

var v2six = "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01" + strings.Repeat("\x00", 15) + "\x01" + "\x04\xd2\x1a\x0b"

var proxyHeaders = []struct {
	name, header string
	addr         string // of the client; "": nobody's
	secure       bool
	bad          string // part of the error; "": fine
}{
	{"v1 IPv4", "PROXY TCP4 192.0.2.1 127.0.0.1 1234 6667\r\n", "192.0.2.1:1234", false, ""},
	{"v1 IPv6", "PROXY TCP6 2001:db8::1 ::1 1234 6667\r\n", "[2001:db8::1]:1234", false, ""},
	{"v1 longest", "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65535", false, ""},
	{"v1 shortest", "PROXY UNKNOWN\r\n", "", false, ""},
	{"v1 unknown with more", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "", false, ""},
	{"v1 too long", "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", "", false, "does not end"},
	{"v1 endless", "PROXY TCP4 " + strings.Repeat("1", 1000), "", false, "does not end"},
	{"v1 lone LF", "PROXY TCP4 192.0.2.1 127.0.0.1 1234 6667\n" + strings.Repeat("x", 100), "", false, "does not end"},
	{"v1 other family", "PROXY TCP6 192.0.2.1 127.0.0.1 1234 6667\r\n", "", false, "not an address of the family TCP6"},
	{"v1 mixed", "PROXY TCP4 192.0.2.1 ::1 1234 6667\r\n", "", false, "not an address of the family TCP4"},
	{"v1 zone", "PROXY TCP6 fe80::1%eth0 ::1 1234 6667\r\n", "", false, "not an address of the family"},
	{"v1 UDP", "PROXY UDP4 192.0.2.1 127.0.0.1 1234 6667\r\n", "", false, "not a source and a destination"},
	{"v1 five fields", "PROXY TCP4 192.0.2.1 127.0.0.1 1234\r\n", "", false, "not a source and a destination"},
	{"v1 two spaces", "PROXY TCP4  192.0.2.1 127.0.0.1 1234 6667\r\n", "", false, "not a source and a destination"},
	{"v1 port", "PROXY TCP4 192.0.2.1 127.0.0.1 65536 6667\r\n", "", false, "not a port"},
	{"v1 name", "PROXY TCP4 example.org 127.0.0.1 1 2\r\n", "", false, "example.org"},
	{"v1 cut off", "PROXY TCP4 192.0.2.1 127.0", "", false, "EOF"},
	{"v2 IPv4", v2(0x21, 0x11, v2four), "192.0.2.1:1234", false, ""},
	{"v2 IPv6", v2(0x21, 0x21, v2six), "[2001:db8::1]:1234", false, ""},
	{"v2 TLS at the proxy", v2(0x21, 0x11, v2four+"\x04\x00\x02xx"+v2ssl), "192.0.2.1:1234", true, ""},
	{"v2 no TLS at the proxy", v2(0x21, 0x11, v2four+"\x20\x00\x05\x00\x00\x00\x00\x00"), "192.0.2.1:1234", false, ""},
	{"v2 local", v2(0x20, 0x00, ""), "", false, ""},
	{"v2 local with addresses", v2(0x20, 0x11, v2four), "", false, ""},
	{"v2 unspecified", v2(0x21, 0x00, "junk"), "", false, ""},
	{"v2 unix", v2(0x21, 0x31, strings.Repeat("/", 216)), "", false, ""},
	{"v2 no command", v2(0x22, 0x11, v2four), "", false, "unknown"},
	{"v2 version 3", v2(0x31, 0x11, v2four), "", false, "unknown"},
	{"v2 datagrams", v2(0x21, 0x12, v2four), "", false, "family 0x12"},
	{"v2 addresses too short", v2(0x21, 0x21, v2four), "", false, "family 0x21 with 12 bytes"},
	{"v2 TLV cut off", v2(0x21, 0x11, v2four+"\x20\x00\x06\x01\x00\x00\x00\x00"), "", false, "TLV"},
	{"v2 TLV without length", v2(0x21, 0x11, v2four+"\x20\x00"), "", false, "TLV"},
	{"v2 too much", v2(0x21, 0x11, v2four+strings.Repeat("\x04\x00\x61"+strings.Repeat("x", 97), 41)), "", false, "4112 bytes"},
	{"v2 cut off", v2(0x21, 0x11, v2four)[:20], "", false, "EOF"},
	{"v2 cut off early", v2(0x21, 0x11, v2four)[:14], "", false, "EOF"},
	{"nothing", "", "", false, "EOF"},
	{"half a signature", "\r\n\r\n\x00\r\n", "", false, "EOF"},
	{"IRC", "NICK alice\r\n", "", false, errNoProxy.Error()},
	{"IRC, much like it", "PRIVMSG alice :hello\r\n", "", false, errNoProxy.Error()},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "", false, errNoProxy.Error()},
	{"lower case", "proxy tcp4 192.0.2.1 127.0.0.1 1234 6667\r\n", "", false, errNoProxy.Error()},
	{"blank lines", "\r\n\r\n\r\nNICK alice\r\n", "", false, errNoProxy.Error()},
}

// Every header, whole or a byte at a time; not a byte behind it is read.
func TestReadProxy(t *testing.T) {
	t.Parallel()
	const next = "NICK alice\r\n"
	for _, tt := range proxyHeaders {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := tt.header
			if tt.bad == "" {
				text += next
			}
			for name, wrap := range map[string]func(io.Reader) io.Reader{
				"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "with EOF": iotest.DataErrReader,
			} {
				r := wrap(strings.NewReader(text))
				from, _, err := readProxy(r)
				if tt.bad != "" {
					if err == nil || !strings.Contains(err.Error(), tt.bad) {
						t.Errorf("%s: got %v, want %s", name, err, tt.bad)
					}
					continue
				}
				addr := ""
				if from.addr != nil {
					addr = from.addr.String()
				}
				if err != nil || addr != tt.addr || from.secure != tt.secure {
					t.Errorf("%s: got %q %v, %v", name, addr, from.secure, err)
				}
				if rest, err := io.ReadAll(r); err != nil || string(rest) != next {
					t.Errorf("%s: %q is left, %v", name, rest, err)
				}
			}
		})
	}
}

// What cannot become a header is given up at the first byte that shows it: nobody waits for twelve bytes of "NICK a".
func TestReadProxyGivesUpEarly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"N", "PRI", "\r\nN", "\x16"} {
		r := io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("read on")))
		if _, head, err := readProxy(iotest.OneByteReader(r)); !errors.Is(err, errNoProxy) || string(head) != text {
			t.Errorf("%q: got %q, %v", text, head, err)
		}
	}
}

func TestWayProxied(t *testing.T) {
	t.Parallel()
	some := &Way{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}
	tcpAddr := func(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
	for _, tt := range []struct {
		way  *Way
		addr string
		want bool
	}{
		{some, "10.1.2.3:4", true}, {some, "[::ffff:10.1.2.3]:4", true}, {some, "11.1.2.3:4", false},
		{some, "[2001:db8::1]:4", true}, {some, "[2001:db9::1]:4", false}, {&Way{}, "10.1.2.3:4", false}, {&Way{ProxyUnix: true}, "10.1.2.3:4", false},
	} {
		if got := tt.way.proxied(tcpAddr(tt.addr)); got != tt.want {
			t.Errorf("%s: %v", tt.addr, got)
		}
	}
	unixAddr := &net.UnixAddr{Name: "@", Net: "unix"}
	if some.proxied(unixAddr) || !(&Way{ProxyUnix: true}).proxied(unixAddr) || some.proxied(nil) {
		t.Error("unix sockets, or no address at all")
	}
}

// Whatever comes, no panic, no more read than there is of the header, and what was read reads again to the same.
func FuzzReadProxy(f *testing.F) {
	for _, tt := range proxyHeaders {
		f.Add([]byte(tt.header))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bytes.NewReader(text)
		from, head, err := readProxy(r)
		used := text[:len(text)-r.Len()]
		if errors.Is(err, errNoProxy) && !bytes.Equal(head, used) {
			t.Errorf("read %q, gave %q back", used, head)
		}
		if err != nil {
			return
		}
		again, _, err := readProxy(iotest.OneByteReader(bytes.NewReader(used)))
		if err != nil || again.secure != from.secure || (again.addr == nil) != (from.addr == nil) || from.addr != nil && again.addr.String() != from.addr.String() {
			t.Errorf("%q: %v, then %v, %v", used, from, again, err)
		}
	})
}
