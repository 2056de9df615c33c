package ircd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// The PROXY protocol: www.haproxy.org/download/2.9/doc/proxy-protocol.txt. Its header comes before everything else on
// a connection and is read to its last byte and no further, so that nothing of it stays with the connection.
const (
	proxyHead  = 12   // bytes that tell the versions apart; no header of either is shorter
	proxyMaxV1 = 107  // §2.1, CR LF included
	proxyMaxV2 = 4096 // after the first 16 bytes: addresses, and what else a proxy has to say
)

var (
	proxyV1 = []byte("PROXY ")
	proxyV2 = []byte("\r\n\r\n\x00\r\nQUIT\n")
)

// errNoProxy says that a connection does not begin with a PROXY header, though it has to.
var errNoProxy = errors.New("no PROXY header, which connections from this address have to begin with")

// origin is whom a proxy speaks for.
type origin struct {
	addr   net.Addr // nil: the header names nobody, the connection is the proxy's own
	secure bool     // the client's connection to the proxy is encrypted
}

// readProxy reads a PROXY header of either version. With errNoProxy, head is what was read in its place: it is given up
// at the first byte that does not fit.
func readProxy(r io.Reader) (from origin, head []byte, err error) {
	head = make([]byte, 0, proxyHead)
	for len(head) < proxyHead {
		n, err := r.Read(head[len(head):proxyHead])
		head = head[:len(head)+n]
		switch {
		case !begins(proxyV1, head) && !begins(proxyV2, head):
			return origin{}, head, errNoProxy
		case err != nil && len(head) < proxyHead:
			return origin{}, head, fmt.Errorf("read PROXY header: %w", err)
		}
	}
	if begins(proxyV2, head) {
		from, err = readProxyV2(r)
	} else {
		from, err = readProxyV1(r, head)
	}
	return from, nil, err
}

// begins tells whether head is the beginning of a header with this mark, as far as both go.
func begins(mark, head []byte) bool {
	n := min(len(mark), len(head))
	return bytes.Equal(mark[:n], head[:n])
}

// readProxyV1 reads the rest of a line, byte by byte: what follows it is not ours.
func readProxyV1(r io.Reader, head []byte) (origin, error) {
	line := append(make([]byte, 0, proxyMaxV1), head...)
	for !bytes.HasSuffix(line, []byte("\r\n")) {
		n := len(line)
		if n == proxyMaxV1 {
			return origin{}, errors.New("PROXY header: the line does not end")
		}
		line = line[:n+1]
		if _, err := io.ReadFull(r, line[n:]); err != nil {
			return origin{}, fmt.Errorf("read PROXY header: %w", err)
		}
	}
	return parseProxyV1(string(line[len(proxyV1) : len(line)-2]))
}

// parseProxyV1 takes "TCP4 <source> <destination> <source port> <destination port>", or "UNKNOWN" and anything.
func parseProxyV1(s string) (origin, error) {
	if s == "UNKNOWN" || strings.HasPrefix(s, "UNKNOWN ") {
		return origin{}, nil
	}
	f := strings.Split(s, " ")
	if len(f) != 5 || f[0] != "TCP4" && f[0] != "TCP6" {
		return origin{}, fmt.Errorf("PROXY header: %q is not a source and a destination", s)
	}
	from, err1 := proxyAddress(f[0], f[1], f[3])
	_, err2 := proxyAddress(f[0], f[2], f[4])
	if err := errors.Join(err1, err2); err != nil {
		return origin{}, fmt.Errorf("PROXY header: %w", err)
	}
	return origin{addr: from}, nil
}

func proxyAddress(family, host, port string) (net.Addr, error) {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return nil, err
	case ip.Is4() != (family == "TCP4") || ip.Zone() != "":
		return nil, fmt.Errorf("%q is not an address of the family %s", host, family)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q is not a port", port)
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(n))), nil
}

// readProxyV2 reads what follows the signature: version and command, family, length, addresses, TLVs.
func readProxyV2(r io.Reader) (origin, error) {
	var fixed [4]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return origin{}, fmt.Errorf("read PROXY header: %w", err)
	}
	n := binary.BigEndian.Uint16(fixed[2:])
	switch {
	case fixed[0] != proxyLocal && fixed[0] != proxyForward:
		return origin{}, fmt.Errorf("PROXY header: version and command %#x are unknown", fixed[0])
	case n > proxyMaxV2:
		return origin{}, fmt.Errorf("PROXY header of %d bytes", n)
	}
	rest := make([]byte, n)
	if _, err := io.ReadFull(r, rest); err != nil {
		return origin{}, fmt.Errorf("read PROXY header: %w", err)
	}
	if fixed[0] == proxyLocal { // a health check
		return origin{}, nil
	}
	return parseProxyV2(fixed[1], rest)
}

// Values of §2.2.
const (
	proxyLocal   = 0x20
	proxyForward = 0x21

	proxyUnspec = 0x00
	proxyTCP4   = 0x11
	proxyTCP6   = 0x21
	proxyUnix   = 0x31

	proxyTLVSSL    = 0x20
	proxyClientSSL = 0x01
)

// proxySizes are the sizes of the addresses of a family, both ends together.
var proxySizes = map[byte]int{proxyUnspec: 0, proxyTCP4: 12, proxyTCP6: 36, proxyUnix: 216}

func parseProxyV2(family byte, b []byte) (origin, error) {
	size, ok := proxySizes[family]
	if !ok || len(b) < size {
		return origin{}, fmt.Errorf("PROXY header: family %#x with %d bytes", family, len(b))
	}
	var from origin
	switch family {
	case proxyUnspec: // and what follows is to be ignored
		return from, nil
	case proxyTCP4, proxyTCP6:
		ip, _ := netip.AddrFromSlice(b[:(size-4)/2]) // 4 or 16 bytes
		port := binary.BigEndian.Uint16(b[size-4:])
		from.addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, port))
	}
	var err error
	from.secure, err = proxySecure(b[size:])
	return from, err
}

// proxySecure looks for the TLV that says that the client spoke TLS to the proxy.
func proxySecure(b []byte) (secure bool, err error) {
	for len(b) > 0 {
		if len(b) < 3 || len(b)-3 < int(binary.BigEndian.Uint16(b[1:])) {
			return false, errors.New("PROXY header: a TLV is cut off")
		}
		value := b[3 : 3+binary.BigEndian.Uint16(b[1:])]
		if b[0] == proxyTLVSSL && len(value) > 0 && value[0]&proxyClientSSL != 0 {
			secure = true
		}
		b = b[3+len(value):]
	}
	return secure, nil
}
