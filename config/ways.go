package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TLS is for the listeners of ListenTLS and ListenWSS.
type TLS struct {
	// Certificate (with its chain) and Key are PEM files. They are read again
	// when they change, and on SIGHUP.
	Certificate string `mapstructure:"certificate"`
	Key         string `mapstructure:"key"`
	// STS tells clients to use TLS only, for STSDuration from their last visit;
	// 0s takes it back. STSPort is where those go who came in plain text; 0 is
	// the port of the first address in ListenTLS.
	STS         bool          `mapstructure:"sts"`
	STSDuration time.Duration `mapstructure:"sts_duration"`
	STSPort     int           `mapstructure:"sts_port"`
}

// WebSocket is for the listeners of ListenWS and ListenWSS.
type WebSocket struct {
	// Origins are the web pages that may connect, scheme://host[:port] with * for
	// any text.
	Origins []string `mapstructure:"origins"`
}

// Proxy is about what stands between clients and us.
type Proxy struct {
	// From has the addresses and networks whose connections begin with a PROXY
	// header, and the word unix for those of unix sockets.
	From []string `mapstructure:"from"`
}

// UnixScheme begins an address that is the path of a unix socket.
const UnixScheme = "unix:"

// maxUnixPath leaves the name of a socket room for what is added while it is
// made; 104 is the limit of the smallest system.
const maxUnixPath = 85

// reportWays checks everything about how clients come in.
func (c Config) reportWays(report func(key string, err error)) {
	i := c.IRC
	var all []string
	for _, l := range []struct {
		key   string
		addrs []string
		plain bool
	}{
		{"irc.listen", i.Listen, true}, {"irc.listen_tls", i.ListenTLS, false}, {"irc.listen_ws", i.ListenWS, true}, {"irc.listen_wss", i.ListenWSS, false},
	} {
		report(l.key, checkListen(l.addrs, all, l.plain && !i.InsecurePlaintext))
		all = append(all, l.addrs...)
	}
	if len(all) == 0 {
		report("irc.listen", errors.New("needs at least one address, such as 127.0.0.1:6667"))
	}
	_, err := i.FileMode()
	report("irc.unix_mode", err)
	report("tls.certificate", c.checkCertificate())
	report("tls.sts", c.checkSTS())
	report("tls.sts_port", checkPort(c.TLS.STSPort))
	report("tls.sts_duration", checkSeconds(c.TLS.STSDuration))
	report("websocket.origins", checkOrigins(c.WebSocket.Origins))
	_, _, err = c.Proxy.Addresses()
	report("proxy.from", err)
}

// checkListen checks the addresses of one key; before has those of others.
func checkListen(addrs, before []string, loopbackOnly bool) error {
	for n, addr := range addrs {
		twice := slices.Contains(addrs[:n], addr) || slices.Contains(before, addr)
		if path, ok := strings.CutPrefix(addr, UnixScheme); ok {
			if err := checkUnixPath(path); err != nil {
				return err
			}
			if twice {
				return fmt.Errorf("%s is there twice", addr)
			}
			continue
		}
		host, port, err := splitAddress(addr)
		switch {
		case err != nil:
			return err
		case loopbackOnly && !loopback(host):
			return fmt.Errorf("%s is not a loopback address, and passwords would cross the network readable: listen on 127.0.0.1 or set irc.insecure_plaintext = true", addr)
		case port != 0 && twice:
			return fmt.Errorf("%s is there twice", addr)
		}
	}
	return nil
}

func checkUnixPath(path string) error {
	switch {
	case !filepath.IsAbs(path):
		return fmt.Errorf("%q: the path of a unix socket has to begin with /", UnixScheme+path)
	case len(path) > maxUnixPath:
		return fmt.Errorf("%q: the path of a unix socket may have %d bytes", UnixScheme+path, maxUnixPath)
	}
	return nil
}

// FileMode is UnixMode as a number.
func (i IRC) FileMode() (fs.FileMode, error) {
	n, err := strconv.ParseUint(i.UnixMode, 8, 32)
	if err != nil || n > 0o777 || len(i.UnixMode) < 3 {
		return 0, fmt.Errorf("needs octal permission bits such as 0660, not %q", i.UnixMode)
	}
	return fs.FileMode(n), nil
}

func (c Config) checkCertificate() error {
	needed := len(c.IRC.ListenTLS) > 0 || len(c.IRC.ListenWSS) > 0
	switch t := c.TLS; {
	case (t.Certificate == "") != (t.Key == ""):
		return errors.New("needs tls.key, and the other way round")
	case needed && t.Certificate == "":
		return errors.New("is needed, with tls.key, for irc.listen_tls and irc.listen_wss")
	}
	return nil
}

func (c Config) checkSTS() error {
	if c.TLS.STS && len(c.IRC.ListenTLS) == 0 && c.TLS.STSPort == 0 {
		return errors.New("true needs an address in irc.listen_tls, or tls.sts_port: clients would be sent to where nobody listens")
	}
	return nil
}

func checkPort(n int) error {
	if n > 65535 {
		return fmt.Errorf("%d is no port", n)
	}
	return nil
}

// checkSeconds is for what goes over the wire in seconds.
func checkSeconds(d time.Duration) error {
	if d%time.Second != 0 {
		return fmt.Errorf("%v: needs whole seconds", d)
	}
	return nil
}

func checkOrigins(origins []string) error {
	for _, o := range origins {
		u, err := url.Parse(strings.ReplaceAll(o, "*", "x"))
		if o != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != strings.ReplaceAll(o, "*", "x")) {
			return fmt.Errorf("%q is not an origin such as https://chat.example.org, without a path, or * for any", o)
		}
	}
	return nil
}

// Addresses are the networks in From, and whether unix is one of them.
func (p Proxy) Addresses() (networks []netip.Prefix, unix bool, err error) {
	for _, s := range p.From {
		network, err := netip.ParsePrefix(s)
		if ip, err1 := netip.ParseAddr(s); err1 == nil && ip.Zone() == "" {
			network, err = ip.Unmap().Prefix(ip.Unmap().BitLen())
		}
		switch {
		case s == "unix":
			unix = true
		case err != nil:
			return nil, false, fmt.Errorf("%q is neither an address, nor a network such as 10.0.0.0/8, nor the word unix", s)
		default:
			networks = append(networks, network.Masked())
		}
	}
	return networks, unix, nil
}
