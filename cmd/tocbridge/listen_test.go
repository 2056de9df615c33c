package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc/tocd"
)

// newCertificate writes a self-signed certificate for localhost, and its key,
// each in one step, and returns the files' names.
func newCertificate(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	replace(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	replace(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key
}

func replace(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path+".new", text, 0o600), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

// dialTLS connects, and tells whose certificate the server shows.
func dialTLS(t *testing.T, addr string, own ...tls.Certificate) (c *ircdtest.Client, shown string) {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true, Certificates: own}
	nc, err := tls.DialWithDialer(&net.Dialer{Timeout: processTime}, "tcp", addr, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ircdtest.New(t, nc), nc.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// webPing connects as a web page of this origin does, and exchanges a message.
func webPing(ctx context.Context, url, origin string) error {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: http.Header{"Origin": {origin}}, Subprotocols: []string{"text.ircv3.net"},
	})
	if err != nil {
		return err
	}
	defer ws.CloseNow()
	if err := ws.Write(ctx, websocket.MessageText, []byte("PING x")); err != nil {
		return err
	}
	if _, got, err := ws.Read(ctx); err != nil || !strings.HasSuffix(string(got), "PONG irc.test x") {
		return fmt.Errorf("got %q, %w", got, err)
	}
	return ws.Close(websocket.StatusNormalClosure, "")
}

// All ways in at once, from the file to a login and to the socket's removal.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	aim := startAIM(t, tocd.Options{AnyName: true})
	dir := t.TempDir()
	cert, key := newCertificate(t, dir, "irc.test")
	socket := filepath.Join(dir, "irc.sock")
	path := writeFile(t, "c.toml", fmt.Sprintf(`
[irc]
listen = ["127.0.0.1:0", "unix:%s"]
listen_tls = "127.0.0.1:0"
listen_ws = "127.0.0.1:0"
listen_wss = "127.0.0.1:0"
unix_mode = "0600"
hostname = "irc.test"
[tls]
certificate = %q
key = %q
sts = true
sts_duration = "1h"
[websocket]
origins = "https://chat.example.org"
[toc]
server = %q
`, socket, cert, key, aim.addr))
	if _, err := runNow(t, "check-config", "-c", path); err != nil {
		t.Error(err)
	}
	r := goRun(t, "serve", "--config", path)
	r.stderr.await(t, `msg=bridging`)
	way := func(name string) string { return r.stderr.await(t, `msg=listening address=(127\S+) way=`+name+`\b`) }
	plain, secure := way("plain"), way("tls")
	_, port, err := net.SplitHostPort(secure)
	if err != nil {
		t.Fatal(err)
	}
	own, err := tls.LoadX509KeyPair(newCertificate(t, t.TempDir(), "alice.test"))
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := fmt.Sprintf("%x", sha256.Sum256(own.Certificate[0]))
	overTLS, _ := dialTLS(t, secure, own)
	for sts, c := range map[string]*ircdtest.Client{"port=" + port: ircdtest.Dial(t, plain), "duration=3600": overTLS, "": ircdtest.Dial(t, socket)} {
		c.Send("CAP LS 302")
		if m := c.Expect("CAP * LS *"); strings.Contains(m.Trailing(), "sts=") != (sts != "") || !strings.Contains(m.Trailing(), sts) {
			t.Errorf("want %s: %v", sts, m)
		}
		c.Send("CAP END")
		c.Register("alice", ircdtest.Pass("secret"))
		c.Send("WHOIS alice")
		c.Expect("311 alice alice ...")
		got := fmt.Sprint(c.Sync())
		if strings.Contains(got, " 671 ") != (c == overTLS) || strings.Contains(got, " 276 ") != (c == overTLS) || c == overTLS && !strings.Contains(got, fingerprint) {
			t.Errorf("671, 276: %s", got)
		}
	}
	for _, url := range []string{"ws://" + way("ws"), "wss://" + way("wss")} {
		ctx, cancel := context.WithTimeout(t.Context(), processTime)
		defer cancel()
		if err := webPing(ctx, url, "https://chat.example.org"); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if err := webPing(ctx, url, "https://evil.test"); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := r.end(t); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// What cannot be served is said at the start, and leaves nothing behind.
func TestWaysInThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := newCertificate(t, dir, "irc.test")
	socket := filepath.Join(dir, "irc.sock")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	tlsKeys := fmt.Sprintf("[tls]\ncertificate = %q\nkey = %q\n", cert, key)
	for _, c := range []struct{ text, want string }{
		{"[irc]\nlisten_tls = '127.0.0.1:0'\n" + fmt.Sprintf("[tls]\ncertificate = %q\nkey = %q\n", cert, cert), "tls.certificate: load certificate " + cert},
		{"[irc]\nlisten_tls = '127.0.0.1:0'\n[tls]\ncertificate = '/none'\nkey = '/none'\n", "tls.certificate: load certificate /none with key /none: open /none"},
		{"[irc]\nlisten = 'unix:" + socket + "'\nlisten_tls = '" + busy.Addr().String() + "'\n" + tlsKeys, "address already in use"},
		{"[irc]\nlisten = 'unix:/no/such/dir/irc'\n", "listen on /no/such/dir/irc"},
		{"[irc]\nlisten = 'unix:" + cert + "'\n", "something else than a socket"},
		{"[irc]\nlisten = []\nlisten_tls = 'unix:" + socket + "'\n" + tlsKeys + "sts = true\n", "tls.sts: no TCP address in irc.listen_tls"},
	} {
		if _, err := runNow(t, "serve", "--config", writeFile(t, "c.toml", c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
		if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: the socket is still there: %v", c.text, err)
		}
	}
	bad := writeFile(t, "c.toml", "[irc]\nlisten_tls = ':6697'\n[tls]\ncertificate = '/none'\nkey = '/none'\n")
	if _, err := runNow(t, "check-config", "-c", bad); err == nil || !strings.Contains(err.Error(), "tls.certificate: load certificate /none") {
		t.Errorf("check-config: %v", err)
	}
}

// SIGHUP reads the certificate again; a bad one is logged and changes nothing.
// Without a certificate it does no harm.
func TestHangup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := newCertificate(t, dir, "first.test")
	p := start(t, "serve", "--config", writeFile(t, "c.toml", fmt.Sprintf("[irc]\nlisten = []\nlisten_tls = '127.0.0.1:0'\n[tls]\ncertificate = %q\nkey = %q\n", cert, key)))
	addr := p.find("msg=listening address=")
	c, name := dialTLS(t, addr)
	if name != "first.test" {
		t.Errorf("%s is shown", name)
	}
	hangup := func() {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	newCertificate(t, dir, "second.test")
	hangup()
	p.find(`msg="certificate loaded"`)
	if _, name := dialTLS(t, addr); name != "second.test" {
		t.Errorf("%s is shown", name)
	}
	replace(t, cert, []byte("junk"))
	hangup()
	p.find(`level=ERROR msg="new certificate is not usable, the old one stays in use"`)
	if _, name := dialTLS(t, addr); name != "second.test" {
		t.Errorf("%s is shown", name)
	}
	c.Sync()
	if err := p.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	without := start(t, "serve", "--listen", "127.0.0.1:0")
	without.find("msg=bridging ")
	if err := without.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	without.find(`msg="nothing to reload`)
	if err := without.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// A server that was killed leaves its socket; the next one takes the place.
func TestSocketOfAKilledServer(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "irc.sock")
	first := start(t, "serve", "--listen", "unix:"+socket)
	first.find("msg=bridging ")
	ircdtest.Dial(t, socket).Sync()
	_ = first.stop(syscall.SIGKILL) // which is its error
	if _, err := os.Lstat(socket); err != nil {
		t.Fatalf("nothing to replace: %v", err)
	}
	second := start(t, "serve", "--listen", "unix:"+socket)
	second.find("msg=bridging ")
	ircdtest.Dial(t, socket).Sync()
	third := start(t, "serve", "--listen", "unix:"+socket)
	<-third.ended
	if third.err == nil || !strings.Contains(third.output.String(), "address already in use") {
		t.Errorf("%v, %s", third.err, &third.output)
	}
	if err := second.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// activate starts the program as systemd does: sockets from file descriptor 3
// on, their names, and a socket to be notified by.
func activate(t *testing.T, names string, sockets []net.Listener, notify string, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, binary(t)}, args...)...)
	for _, s := range sockets {
		f, err := s.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	cmd.Env = []string{fmt.Sprintf("LISTEN_FDS=%d", len(sockets)), "LISTEN_FDNAMES=" + names, "NOTIFY_SOCKET=" + notify}
	return startCommand(t, cmd)
}

func listenOn(t *testing.T, network, addr string) net.Listener {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// systemd's sockets take the place of the addresses of their kind; systemd
// hears when we are ready, when we reload and when we stop.
func TestSystemd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	states, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer states.Close()
	heard := func(want string) {
		t.Helper()
		buf := make([]byte, 1000)
		_ = states.SetReadDeadline(time.Now().Add(processTime))
		n, err := states.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), want) {
			t.Fatalf("systemd hears %q, %v; want %s", buf[:n], err, want)
		}
	}
	cert, key := newCertificate(t, dir, "irc.test")
	tcp, unix, secure := listenOn(t, "tcp", "127.0.0.1:0"), listenOn(t, "unix", filepath.Join(dir, "irc.sock")), listenOn(t, "tcp", "127.0.0.1:0")
	text := fmt.Sprintf("[irc]\nlisten = '"+tcp.Addr().String()+"'\nlisten_ws = '127.0.0.1:0'\n[tls]\ncertificate = %q\nkey = %q\n", cert, key)
	p := activate(t, "plain:plain:tls", []net.Listener{tcp, unix, secure}, states.LocalAddr().String(), "serve", "--config", writeFile(t, "c.toml", text))
	heard("READY=1")
	ircdtest.Dial(t, tcp.Addr().String()).Sync()
	ircdtest.Dial(t, unix.Addr().String()).Sync()
	c, _ := dialTLS(t, secure.Addr().String())
	c.Sync()
	p.find("way=ws") // from the file, because systemd gave none
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	heard("RELOADING=1\nMONOTONIC_USEC=")
	heard("READY=1")
	if err := p.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	heard("STOPPING=1")
	if _, err := os.Lstat(unix.Addr().String()); err != nil {
		t.Errorf("systemd's socket is gone: %v", err)
	}
}

func TestSystemdSocketsThatCannotBe(t *testing.T) {
	t.Parallel()
	everywhere, here := listenOn(t, "tcp", "0.0.0.0:0"), listenOn(t, "tcp", "127.0.0.1:0")
	for _, c := range []struct {
		names   string
		sockets []net.Listener
		want    string
	}{
		{"plain", []net.Listener{everywhere}, "is not on a loopback address: name it tls, or set irc.insecure_plaintext = true"},
		{"ws", []net.Listener{everywhere}, "the socket named ws, "},
		{"tls", []net.Listener{here}, "sockets named tls need tls.certificate and tls.key"},
		{"plain:tocbridge.socket", []net.Listener{here, everywhere}, "a socket of systemd is named tocbridge.socket: FileDescriptorName= has to be plain, tls, ws or wss"},
	} {
		p := activate(t, c.names, c.sockets, "", "serve", "--listen", "127.0.0.1:0")
		<-p.ended
		if p.err == nil || !strings.Contains(p.output.String(), c.want) {
			t.Errorf("%s: %v, %s", c.names, p.err, &p.output)
		}
	}
	file, err := os.Open(os.DevNull) // no socket at all
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.CommandContext(context.Background(), "sh", "-c", `LISTEN_PID=$$ exec "$0" serve --listen 127.0.0.1:0`, binary(t))
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = []string{"LISTEN_FDS=1", "LISTEN_FDNAMES=plain"}
	p := startCommand(t, cmd)
	<-p.ended
	if p.err == nil || !strings.Contains(p.output.String(), "socket plain of systemd") {
		t.Errorf("%v, %s", p.err, &p.output)
	}
}
