package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// A house is a bridge that is ended and started again, with an AIM server that stays.
type house struct {
	t      *testing.T
	aim    *aimServer
	dir    string
	config string
	p      *process
	plain  string // address
	secure string
	said   strings.Builder // of the processes before this one
}

func newHouse(t *testing.T, more string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	h.aim = startAIM(t, tocd.Options{Accounts: map[string]string{"Alice Smith": alicePassword, "bob": "pwbob", "carol": "pwcarol", "zoe": "pwzoe"}})
	key := filepath.Join(h.dir, "key")
	if err := run(t.Context(), []string{"keygen", key}, &bytes.Buffer{}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	cert, certKey := newCertificate(t, h.dir, "localhost")
	h.config = writeFile(t, "c.toml", fmt.Sprintf(`[irc]
listen = "127.0.0.1:0"
listen_tls = "127.0.0.1:0"
[tls]
certificate = %q
key = %q
[toc]
server = %q
pace = "off"
[store]
path = %q
key_file = %q
[log]
level = "debug"
%s`, cert, certKey, h.aim.addr, filepath.Join(h.dir, "state", "tb.db"), key, more))
	h.begin()
	return h
}

const alicePassword = "Xyzzy-Pw-4711"

func (h *house) begin() {
	h.t.Helper()
	h.p = start(h.t, "serve", "--config", h.config)
	h.p.find("msg=bridging ")
	for line := range strings.Lines(h.p.output.String()) {
		if _, rest, ok := strings.Cut(line, "msg=listening address="); ok {
			if addr := strings.Fields(rest)[0]; strings.Contains(line, "way=tls") {
				h.secure = addr
			} else {
				h.plain = addr
			}
		}
	}
}

// again ends the bridge by a signal and starts the next one. Bob sees alice go and come.
func (h *house) again(sig syscall.Signal, bob *far) {
	h.t.Helper()
	err := h.p.stop(sig)
	if sig == syscall.SIGTERM && err != nil {
		h.t.Errorf("ended with %v", err)
	}
	h.said.WriteString(h.p.output.String())
	bob.await(h.t, "alice signing off", isAlice(false))
	h.begin()
	bob.await(h.t, "alice signing on by herself", isAlice(true))
}

// alice logs in as a device of alice.
func (h *house) alice(device string, caps ...string) *ircdtest.Client {
	h.t.Helper()
	c := ircdtest.Dial(h.t, h.plain)
	c.Pongs = true
	c.Register("AliceSmith", ircdtest.SASL("Alice Smith@"+device, alicePassword), ircdtest.Caps(caps...))
	return c
}

// ask says something to *aim and returns its answers.
func ask(c *ircdtest.Client, line string) string {
	c.Send("PRIVMSG *aim :%s", line)
	var out []string
	for _, m := range c.Sync() {
		if m.Command == "PRIVMSG" && m.Prefix != nil && m.Prefix.Name == "*aim" {
			out = append(out, m.Trailing())
		}
	}
	return strings.Join(out, "\n")
}

// far is an AIM client of somebody else, with alice on its list.
type far struct {
	*toc.Client
	events chan toc.Event
}

func (h *house) far(name toc.ScreenName) *far {
	h.t.Helper()
	c, err := toc.SignOn(h.t.Context(), h.aim.addr, toc.Login{Name: name, Password: "pw" + string(name), Version: "TIC:far"})
	if err != nil {
		h.t.Fatal(err)
	}
	f := &far{c, make(chan toc.Event, 1024)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			e, err := c.Recv()
			if err != nil {
				return
			}
			f.events <- e
		}
	}()
	h.t.Cleanup(func() {
		c.Close()
		<-done
	})
	f.send(h.t, toc.AddBuddies{Names: []toc.ScreenName{"alicesmith"}}, toc.InitDone{})
	return f
}

func (f *far) send(t *testing.T, cmds ...toc.Command) {
	t.Helper()
	if err := f.Send(cmds...); err != nil {
		t.Fatal(err)
	}
}

// await waits for an event.
func (f *far) await(t *testing.T, what string, match func(toc.Event) bool) {
	t.Helper()
	for deadline := time.After(processTime); ; {
		select {
		case e := <-f.events:
			if match(e) {
				return
			}
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func isAlice(online bool) func(toc.Event) bool {
	return func(e toc.Event) bool {
		u, ok := e.(toc.BuddyUpdate)
		return ok && u.Name.Key() == "alicesmith" && u.Online == online
	}
}

func saysIM(text string) func(toc.Event) bool {
	return func(e toc.Event) bool {
		im, ok := e.(toc.IMIn)
		return ok && im.Text == text
	}
}

// clientCert is a certificate for a client, and its fingerprint.
func clientCert(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	cert, key := newCertificate(t, t.TempDir(), "client.test")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(pair.Certificate[0])
	return pair, hex.EncodeToString(sum[:])
}

// external logs in by a certificate.
func (h *house) external(pair tls.Certificate) *ircdtest.Client {
	h.t.Helper()
	nc, err := tls.Dial("tcp", h.secure, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}})
	if err != nil {
		h.t.Fatal(err)
	}
	c := ircdtest.New(h.t, nc)
	c.Send("CAP REQ sasl\r\nAUTHENTICATE EXTERNAL")
	c.Expect("AUTHENTICATE +")
	c.Send("AUTHENTICATE %s", base64.StdEncoding.EncodeToString([]byte("Alice Smith@cert")))
	c.Expect("903 ...")
	c.Send("NICK alice\r\nUSER a 0 * :a\r\nCAP END")
	c.Expect("366 * &buddies *")
	return c
}

func expectIn(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in %q", part, got)
		}
	}
}

// TestRestart: all is as before, whether the bridge was asked to end or killed, once and again.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "")
			pair, fp := clientCert(t)
			bob := h.far("bob")
			h.furnish(bob, fp)
			for range 2 {
				h.again(sig, bob)
				h.checkAll(bob, pair, fp)
			}
			h.deliver()
		})
	}
}

// furnish sets everything that has to outlive a restart.
func (h *house) furnish(bob *far, fp string) {
	t := h.t
	t.Helper()
	c := h.alice("desk")
	bob.await(t, "alice", isAlice(true))
	expectIn(t, ask(c, "add bob"), "dded bob")
	expectIn(t, ask(c, "rename bob Bobby"), "Bobby")
	for _, line := range []string{"set always-on yes", "set outbox yes", "set notices no", "notify zoe", "certfp add " + fp} {
		if got := ask(c, line); got == "" || strings.Contains(got, "Unknown") || strings.Contains(got, "Usage") {
			t.Errorf("%s: %q", line, got)
		}
	}
	c.Send("JOIN #Our_Room")
	c.Expect("366 AliceSmith #Our_Room *")
	c.Send("PRIVMSG carol :when you are there")
	c.Expect("301 AliceSmith carol :*is kept*")
	c.Send("AWAY :lunch")
	c.Expect("306 ...")
	bob.send(t, toc.SendIM{To: "alicesmith", Text: "seen"})
	c.Expect(":Bobby!* PRIVMSG AliceSmith :seen")
	c.Settle()
	c.Send("QUIT")
	c.ExpectClosed()
	bob.send(t, toc.SendIM{To: "alicesmith", Text: "missed"})
	h.kept("missed")
}

// kept waits until a new device has been shown a text: then it is in the history.
func (h *house) kept(text string) {
	h.t.Helper()
	for deadline := time.Now().Add(processTime); time.Now().Before(deadline); {
		probe := h.alice("probe", "draft/chathistory", "batch", "server-time", "message-tags")
		probe.Send("CHATHISTORY LATEST bobby * 1")
		for _, m := range probe.Sync() {
			if m.Command == "PRIVMSG" && m.Trailing() == text {
				probe.Close()
				return
			}
		}
		probe.Close()
	}
	h.t.Fatalf("%q is not kept", text)
}

// checkAll looks whether all is as it was furnished.
func (h *house) checkAll(bob *far, pair tls.Certificate, fp string) {
	t := h.t
	t.Helper()
	c := h.alice("desk")
	text := ""
	for deadline := time.Now().Add(processTime); time.Now().Before(deadline); {
		for _, m := range c.Settle() {
			text += m.String() + "\n"
		}
		if strings.Contains(text, " JOIN #Our_Room") { // AIM may still be asked for it
			break
		}
	}
	expectIn(t, text, " 306 ", " JOIN #Our_Room")
	if n := strings.Count(text, "missed"); n != 1 && !strings.Contains(h.said.String(), "shown before") {
		t.Errorf("the message missed was shown %d times: %s", n, text)
	}
	if strings.Contains(text, ":seen") {
		t.Errorf("shown twice: %s", text)
	}
	h.said.WriteString("shown before\n")
	c.Send("NAMES &buddies")
	expectIn(t, c.Expect("353 ...").Trailing(), "Bobby")
	expectIn(t, ask(c, "set"), "always-on\x02 = yes", "outbox\x02 = yes", "notices\x02 = no")
	expectIn(t, ask(c, "outbox"), "1. to carol, ", "when you are there")
	expectIn(t, ask(c, "notify"), "zoe")
	expectIn(t, ask(c, "certfp list"), fp)
	c.Send("QUIT")
	c.ExpectClosed()
	h.external(pair).Close()
	bob.send(t, toc.SendIM{To: "alicesmith", Text: "on"})
}

// deliver lets those come who are waited for.
func (h *house) deliver() {
	t := h.t
	t.Helper()
	c := h.alice("desk")
	c.Settle() // what comes while the replay runs comes as a part of it
	carol := h.far("carol")
	carol.await(t, "what was kept", saysIM("when you are there"))
	c.Expect("NOTICE &buddies :carol is there: 1 message was sent*")
	h.far("zoe")
	c.Expect("NOTICE AliceSmith :zoe has signed on.")
	expectIn(t, ask(c, "outbox"), "Nothing is kept.")
}

// TestNoSecretIsWritten: a run at debug level, with everything that touches a password; then its log and all its files are
// searched for it, in every form in which it could be there.
func TestNoSecretIsWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "")
	pair, fp := clientCert(t)
	bob := h.far("bob")
	h.furnish(bob, fp)
	for _, login := range []string{"PASS Alice Smith:%s", "PASS :%s", "PASS alicesmith:%sx"} {
		c := ircdtest.Dial(t, h.plain)
		c.Send(login+"\r\nNICK alicesmith\r\nUSER a 0 * :a", alicePassword)
		c.Send("PRIVMSG *aim :set always-on yes")
		c.Send("QUIT")
		c.ExpectClosed()
	}
	h.searchFiles() // while it runs, and the journal is not empty
	h.again(syscall.SIGKILL, bob)
	h.searchFiles()
	h.external(pair).Close()
	h.aim.kill() // logins while AIM is away
	c := h.alice("desk")
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	h.aim.serve()
	bob = h.far("bob")
	bob.await(t, "alice", isAlice(true))
	h.again(syscall.SIGTERM, bob)
	if err := h.p.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	h.said.WriteString(h.p.output.String())
	h.search("the log", []byte(h.said.String()))
	h.searchFiles()
	expectIn(t, h.said.String(), "level=DEBUG", "always on")
}

// searchFiles looks for the password in all files of the house.
func (h *house) searchFiles() {
	h.t.Helper()
	files := 0
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the database takes its files away
		}
		h.search(path, text)
		return err
	})
	if err != nil || files < 4 { // two keys, a certificate, the database
		h.t.Errorf("%d files, %v", files, err)
	}
}

// search looks for the password and what shows it.
func (h *house) search(where string, text []byte) {
	h.t.Helper()
	roasted := toc.Login{Name: "alicesmith", Password: alicePassword}
	sasl := base64.StdEncoding.EncodeToString([]byte("\x00Alice Smith\x00" + alicePassword))
	forms := map[string]string{
		"the password": alicePassword, "the password in other letters": strings.ToLower(alicePassword), "its beginning": alicePassword[:8],
		"hex": hex.EncodeToString([]byte(alicePassword)), "base64": base64.RawStdEncoding.EncodeToString([]byte(alicePassword)),
		"base64, off by one": base64.RawStdEncoding.EncodeToString([]byte("x" + alicePassword))[4:], "SASL": sasl[len(sasl)-16:],
		"bytes": strings.Trim(fmt.Sprint([]byte(alicePassword)), "[]"), "backwards": reversed(alicePassword), "roasted": roast(roasted.Password),
	}
	for what, form := range forms {
		if i := bytes.Index(bytes.ToLower(text), bytes.ToLower([]byte(form))); i >= 0 {
			h.t.Errorf("%s has %s: …%q…", where, what, text[max(0, i-60):min(len(text), i+60)])
		}
	}
	key, err := os.ReadFile(filepath.Join(h.dir, "key"))
	if err != nil {
		h.t.Fatal(err)
	}
	if filepath.Base(where) != "key" && bytes.Contains(text, bytes.TrimSpace(key)) {
		h.t.Errorf("%s has the key", where)
	}
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// roast is a password as TOC carries it (TOC2 reference §2.2).
func roast(password string) string {
	out := make([]byte, len(password))
	for i := range password {
		out[i] = password[i] ^ "Tic/Toc"[i%7]
	}
	return hex.EncodeToString(out)
}
