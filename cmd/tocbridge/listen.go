package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"tocbridge/config"
	"tocbridge/ircd"
)

// A door is a listener and how clients come in through it.
type door struct {
	net.Listener
	way ircd.Way
}

// A kind of door: its name, as systemd's FileDescriptorName= has it, and what
// the configuration says of it.
type kind struct {
	name    string
	addrs   []string
	tls, ws bool
}

func kinds(c config.IRC) []kind {
	return []kind{
		{"plain", c.Listen, false, false}, {"tls", c.ListenTLS, true, false},
		{"ws", c.ListenWS, false, true}, {"wss", c.ListenWSS, true, true},
	}
}

// way is how clients come in through doors of a kind.
func (a *app) way(k kind, c config.Config) (ircd.Way, error) {
	var way ircd.Way
	var err error
	if way.Proxies, way.ProxyUnix, err = c.Proxy.Addresses(); err != nil {
		return way, fmt.Errorf("proxy.from: %w", err)
	}
	switch {
	case k.tls && a.cert == nil:
		return way, fmt.Errorf("sockets named %s need tls.certificate and tls.key", k.name)
	case k.tls && k.ws:
		way.TLS = a.cert.WebConfig()
	case k.tls:
		way.TLS = a.cert.Config()
	}
	if k.ws {
		way.WebSocket = &ircd.WebSocket{Origins: c.WebSocket.Origins}
	}
	return way, nil
}

// listen opens the doors; none is served before run. The sockets that systemd
// has given take the place of the addresses of their kind. An error closes what
// is already open, those included.
func (a *app) listen(ctx context.Context, c config.Config, given map[string][]net.Listener) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, a.closeDoors(given))
		}
	}()
	if a.cert, err = loadCertificate(c.TLS, a.log); err != nil {
		return err
	}
	for _, k := range kinds(c.IRC) {
		if err := a.open(ctx, k, c, given); err != nil {
			return err
		}
	}
	if len(given) > 0 {
		return fmt.Errorf("a socket of systemd is named %s: FileDescriptorName= has to be plain, tls, ws or wss", strings.Join(slices.Sorted(maps.Keys(given)), ", "))
	}
	return a.setSTS(c.TLS)
}

// open opens the doors of one kind, and takes those given off the map.
func (a *app) open(ctx context.Context, k kind, c config.Config, given map[string][]net.Listener) error {
	listeners := given[k.name]
	if len(listeners)+len(k.addrs) == 0 {
		return nil
	}
	way, err := a.way(k, c)
	if err != nil {
		return err
	}
	mode, err := c.IRC.FileMode()
	if err != nil {
		return fmt.Errorf("irc.unix_mode: %w", err)
	}
	delete(given, k.name)
	for _, ln := range listeners {
		a.add(ln, k, way)
	}
	for _, ln := range listeners {
		if !k.tls && !c.IRC.InsecurePlaintext && !onlyLocal(ln.Addr()) {
			return fmt.Errorf("the socket named %s, %s, is not on a loopback address: name it tls, or set irc.insecure_plaintext = true", k.name, ln.Addr())
		}
	}
	if len(listeners) > 0 {
		return nil
	}
	for _, addr := range k.addrs {
		ln, err := ircd.Listen(ctx, addr, mode)
		if err != nil {
			return fmt.Errorf("cannot listen for IRC clients (is another IRC server running? --listen takes another port): %w", err)
		}
		a.add(ln, k, way)
	}
	return nil
}

func (a *app) add(ln net.Listener, k kind, way ircd.Way) {
	a.listeners = append(a.listeners, door{ln, way})
	a.log.Info("listening", "address", ln.Addr().String(), "way", k.name)
}

// onlyLocal tells whether nobody from another machine can connect to addr.
func onlyLocal(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

func (a *app) closeDoors(given map[string][]net.Listener) error {
	var faults []error
	for _, d := range a.listeners {
		faults = append(faults, d.Close())
	}
	a.listeners = nil
	for _, list := range given {
		for _, ln := range list {
			faults = append(faults, ln.Close())
		}
	}
	return errors.Join(faults...)
}

// loadCertificate is nil without a certificate.
func loadCertificate(t config.TLS, log *slog.Logger) (*ircd.Certificate, error) {
	if t.Certificate == "" {
		return nil, nil
	}
	cert, err := ircd.LoadCertificate(t.Certificate, t.Key, log)
	if err != nil {
		return nil, fmt.Errorf("tls.certificate: %w", err)
	}
	return cert, nil
}

// setSTS makes the policy of STS, if there is to be one.
func (a *app) setSTS(t config.TLS) error {
	if !t.STS {
		return nil
	}
	policy := &ircd.STS{Port: t.STSPort, Duration: t.STSDuration}
	for _, d := range a.listeners {
		if tcp, ok := d.Addr().(*net.TCPAddr); ok && policy.Port == 0 && d.way.TLS != nil && d.way.WebSocket == nil {
			policy.Port = tcp.Port
		}
	}
	if policy.Port == 0 {
		return errors.New("tls.sts: no TCP address in irc.listen_tls: set tls.sts_port")
	}
	a.irc.STS = policy
	return nil
}

// activated are the sockets that systemd passes to us, by name.
func activated() (map[string][]net.Listener, error) {
	given := make(map[string][]net.Listener)
	var faults []error
	for _, f := range activation.Files(true) {
		ln, err := net.FileListener(f)
		if err == nil {
			given[f.Name()] = append(given[f.Name()], ln)
		} else {
			faults = append(faults, fmt.Errorf("socket %s of systemd: %w", f.Name(), err))
		}
		_ = f.Close() // the listener has a duplicate
	}
	if len(faults) > 0 {
		for _, list := range given {
			for _, ln := range list {
				faults = append(faults, ln.Close())
			}
		}
		return nil, errors.Join(faults...)
	}
	return given, nil
}

// notify tells systemd of a state, if it wants to know.
func (a *app) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		a.log.Warn("systemd does not hear us", "state", state, "err", err)
	}
}

// reload does what SIGHUP asks for, until ctx ends. With Type=notify-reload
// systemd waits for its end.
func (a *app) reload(ctx context.Context, hangup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		a.notify(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
		if a.cert == nil {
			a.log.Info("nothing to reload: there is no certificate")
		} else {
			_ = a.cert.Reload() // it logs what came of it
		}
		a.notify(daemon.SdNotifyReady)
	}
}
