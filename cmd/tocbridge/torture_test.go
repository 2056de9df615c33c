package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/store"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// The torture test is whole with
//
//	go test -count=1 -timeout 60m -run TestTorture ./cmd/tocbridge -rounds 1000 -seed 1
//
// and short otherwise.
var (
	tortureRounds = flag.Int("rounds", 25, "rounds of TestTorture")
	tortureSeed   = flag.Uint64("seed", 0, "seed of TestTorture; 0: from the clock")
)

// witness is what a device of the account has been shown, over all its connections.
type witness struct {
	device string

	mu    sync.Mutex
	order []string          // msgids, in the order in which they were first seen
	text  map[string]string // by msgid
	firm  map[string]bool   // the server knows that this one was seen
	again []string          // what was shown a second time though it was firm
	said  int
}

// see notes a message.
func (w *witness) see(id, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.text[id]; !ok {
		w.text[id] = text
		w.order = append(w.order, id)
	} else if w.firm[id] {
		w.again = append(w.again, id+" "+text)
	}
}

func (w *witness) seen() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.order)
}

// confirm makes firm what was seen among the first n.
func (w *witness) confirm(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.order[:n] {
		w.firm[id] = true
	}
}

func (w *witness) has(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range slices.Backward(w.order) {
		if w.text[id] == text {
			return true
		}
	}
	return false
}

// link is one connection of a device.
type tortureLink struct {
	w    *witness
	nc   *net.TCPConn
	mu   sync.Mutex // stalls the reader
	done chan struct{}
	news chan struct{} // something was seen
}

// dialDevice logs in and starts to read. An error is a bridge that is not there, or goes away.
func dialDevice(addr string, w *witness, news chan struct{}) (*tortureLink, error) {
	nc, err := net.DialTimeout("tcp", addr, processTime)
	if err != nil {
		return nil, err
	}
	l := &tortureLink{w: w, nc: nc.(*net.TCPConn), done: make(chan struct{}), news: news}
	_ = nc.SetReadDeadline(time.Now().Add(processTime))
	name := "alice@" + w.device
	auth := base64.StdEncoding.EncodeToString([]byte("\x00" + name + "\x00pwalice"))
	_, err = fmt.Fprintf(nc, "CAP REQ :sasl message-tags server-time batch echo-message\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE %s\r\nNICK alice\r\nUSER a 0 * :a\r\nCAP END\r\n", auth)
	r := bufio.NewReader(nc)
	for err == nil {
		var line string
		if line, err = r.ReadString('\n'); strings.Contains(line, " 366 ") {
			break
		}
		if strings.Contains(line, " 904 ") {
			err = errors.New("login refused: " + line)
		}
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("%s: log in: %w", name, err)
	}
	_ = nc.SetReadDeadline(time.Time{})
	go l.read(r)
	return l, nil
}

// read notes every message, and answers PINGs; a PING of its own behind each tells when the server has that answer.
func (l *tortureLink) read(r *bufio.Reader) {
	defer close(l.done)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		l.mu.Lock()
		m, err := irc.ParseMessage(line)
		if err == nil {
			l.take(m)
		}
		l.mu.Unlock()
	}
}

func (l *tortureLink) take(m *irc.Message) {
	var n int
	switch m.Command {
	case "PRIVMSG":
		l.w.see(m.Tags["msgid"], m.Trailing())
		select {
		case l.news <- struct{}{}:
		default:
		}
	case "PING":
		fmt.Fprintf(l.nc, "PONG :%s\r\nPING firm-%d\r\n", m.Trailing(), l.w.seen())
	case "PONG":
		if _, err := fmt.Sscanf(m.Trailing(), "firm-%d", &n); err == nil {
			l.w.confirm(n)
		}
	}
}

// reset ends a connection as a crash does.
func (l *tortureLink) reset() {
	_ = l.nc.SetLinger(0)
	_ = l.nc.Close()
	<-l.done
}

// torture is the world of the test.
type torture struct {
	t        *testing.T
	rng      *rand.Rand
	aim      *aimServer
	far      *toc.Client
	database string
	bridge   *process
	addr     string
	devices  []*witness
	links    []*tortureLink
	news     chan struct{}
	sent     int
}

func newTorture(t *testing.T, seed uint64) *torture {
	x := &torture{t: t, rng: rand.New(rand.NewPCG(seed, 1)), database: filepath.Join(t.TempDir(), "tocbridge.db"), news: make(chan struct{}, 1)}
	x.aim = startAIM(t, tocd.Options{Accounts: map[string]string{"alice": "pwalice", "far": "pwfar"}})
	x.startBridge()
	for _, device := range []string{"desk", "laptop", "phone"} {
		x.devices = append(x.devices, &witness{device: device, text: map[string]string{}, firm: map[string]bool{}})
	}
	x.links = make([]*tortureLink, len(x.devices))
	far, err := toc.SignOn(t.Context(), x.aim.addr, toc.Login{Name: "far", Password: "pwfar", Version: "TIC:far"})
	if err != nil {
		t.Fatal(err)
	}
	x.far = far
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for {
			if _, err := far.Recv(); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		far.Close()
		<-drained
	})
	if err := far.Send(toc.InitDone{}); err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *torture) startBridge() {
	var port string
	x.bridge, port = startBouncer(x.t, x.aim, x.database)
	x.addr = "127.0.0.1:" + port
}

// attend connects the devices that are not, until they all are.
func (x *torture) attend() {
	x.t.Helper()
	for i, w := range x.devices {
		if l := x.links[i]; l != nil {
			select {
			case <-l.done:
				l.nc.Close()
			default:
				continue
			}
		}
		for tries := 0; ; tries++ {
			l, err := dialDevice(x.addr, w, x.news)
			if err == nil {
				x.links[i] = l
				break
			}
			if tries == 50 {
				x.t.Fatal(err)
			}
		}
	}
}

// speak lets the far end and some devices say something.
func (x *torture) speak() {
	for range x.rng.IntN(20) {
		x.speakFar()
	}
	for i, l := range x.links {
		for range x.rng.IntN(4) {
			x.devices[i].said++
			_, _ = fmt.Fprintf(l.nc, "PRIVMSG far :%s %d\r\n", x.devices[i].device, x.devices[i].said) // may be cut off: then it was not said
		}
	}
}

// faults are what a round may do to the world.
var faults = []struct {
	name string
	do   func(x *torture)
}{
	{"nothing", func(*torture) {}},
	{"reset in the middle of a line", func(x *torture) {
		l := x.any()
		_, _ = l.nc.Write([]byte("PRIVMSG far :cut o"))
		l.reset()
	}},
	{"half closed", func(x *torture) {
		l := x.any()
		_ = l.nc.CloseWrite()
		<-l.done
	}},
	{"stalled, then reset", func(x *torture) {
		l := x.any()
		l.mu.Lock()
		x.speak()
		l.mu.Unlock()
		l.reset()
	}},
	{"reset", func(x *torture) { x.any().reset() }},
	{"quit", func(x *torture) {
		l := x.any()
		_, _ = l.nc.Write([]byte("QUIT :bye\r\n"))
		<-l.done
	}},
	{"all reset", func(x *torture) {
		for _, l := range x.links {
			l.reset()
		}
		x.speakFar()
	}},
	{"the bridge is killed", func(x *torture) {
		_ = x.bridge.stop(syscall.SIGKILL)
		x.startBridge()
	}},
	{"the bridge is told to end", func(x *torture) {
		if err := x.bridge.stop(syscall.SIGTERM); err != nil {
			x.t.Errorf("end of the bridge: %v", err)
		}
		x.startBridge()
	}},
	{"the link is dropped", func(x *torture) { x.aim.Drop("alice") }},
}

func (x *torture) speakFar() {
	x.sent++
	if err := x.far.Send(toc.SendIM{To: "alice", Text: fmt.Sprint("far ", x.sent)}); err != nil {
		x.t.Fatal(err)
	}
}

func (x *torture) any() *tortureLink { return x.links[x.rng.IntN(len(x.links))] }

// lastWords are a message of the far end and one of each device.
func (x *torture) lastWords() (texts []string) {
	x.attend()
	x.speakFar()
	texts = append(texts, fmt.Sprint("far ", x.sent))
	for i, l := range x.links {
		x.devices[i].said++
		text := fmt.Sprint(x.devices[i].device, " ", x.devices[i].said)
		_, _ = fmt.Fprintf(l.nc, "PRIVMSG far :%s\r\n", text) // said again if it is cut off
		texts = append(texts, text)
	}
	return texts
}

func (w *witness) hasAll(texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !w.has(text) })
}

// calm waits until last messages have reached all devices.
func (x *torture) calm() {
	x.t.Helper()
	deadline := time.After(processTime)
	again := time.NewTicker(time.Second) // the link to AIM may still be coming back
	defer again.Stop()
	for last := x.lastWords(); ; {
		missing := slices.IndexFunc(x.devices, func(w *witness) bool { return !w.hasAll(last) })
		if missing < 0 {
			return
		}
		select {
		case <-x.news:
		case <-again.C:
			last = x.lastWords()
		case <-deadline:
			x.t.Fatalf("the last message does not reach %s", x.devices[missing].device)
		}
	}
}

// end ends the bridge in order, and all connections with it.
func (x *torture) end() {
	x.t.Helper()
	for _, l := range x.links {
		l.reset()
	}
	if err := x.bridge.stop(syscall.SIGTERM); err != nil {
		x.t.Errorf("end of the bridge: %v", err)
	}
}

// catchUp waits until all devices have seen n messages.
func (x *torture) catchUp(n int) {
	x.t.Helper()
	x.attend()
	deadline := time.After(processTime)
	for slices.ContainsFunc(x.devices, func(w *witness) bool { return w.seen() < n }) {
		select {
		case <-x.news:
		case <-deadline:
			return // judge says what is missing
		}
	}
}

// stored is what the bridge kept, in order.
func (x *torture) stored() (ids []string, text map[string]string) {
	st, err := store.Open(context.Background(), x.database, store.Options{})
	if err != nil {
		x.t.Fatal(err)
	}
	defer st.Close()
	acct, err := st.Account(context.Background(), "alice")
	if err != nil {
		x.t.Fatal(err)
	}
	text = map[string]string{}
	err = acct.Each(context.Background(), "far", func(e store.Entry) error {
		if _, twice := text[e.ID]; twice {
			x.t.Errorf("%s is kept twice", e.ID)
		}
		if e.Command == "PRIVMSG" {
			ids, text[e.ID] = append(ids, e.ID), e.Text
		}
		return nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return ids, text
}

// judge compares what a device was shown with what was kept.
func (x *torture) judge(w *witness, ids []string, text map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	faults := map[string][]string{"shown again though it had certainly been seen": w.again}
	fault := func(what, id, text string) { faults[what] = append(faults[what], id+" "+text) }
	for _, id := range ids {
		switch w.text[id] {
		case text[id]:
		case "":
			fault("never shown", id, text[id])
		default:
			fault("shown as something else", id, text[id])
		}
	}
	for i, id := range w.order {
		if _, ok := text[id]; !ok {
			fault("shown and not kept", id, w.text[id])
		}
		if i > 0 && id < w.order[i-1] {
			fault("shown too late", id, w.text[id])
		}
	}
	for what, list := range faults {
		if len(list) > 0 {
			x.t.Errorf("%s: %d %s: %q", w.device, len(list), what, list[:min(len(list), 5)])
		}
	}
}

// TestTorture: three clients of one account, a far end that sends numbered messages, and kills of everything at random:
// each client has seen every message that the bridge kept, exactly once by its id, in order; own messages likewise.
func TestTorture(t *testing.T) {
	t.Parallel()
	seed := *tortureSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d -rounds %d", seed, *tortureRounds)
	x := newTorture(t, seed)
	x.attend()
	x.calm()
	done := map[string]int{}
	for range *tortureRounds {
		x.speak()
		fault := faults[x.rng.IntN(len(faults))]
		fault.do(x)
		done[fault.name]++
		x.attend()
		if t.Failed() {
			return
		}
	}
	x.calm()
	x.end()
	ids, text := x.stored()
	x.startBridge() // for lines of connections that died, which came last of all
	x.catchUp(len(ids))
	x.end()
	for _, w := range x.devices {
		x.judge(w, ids, text)
	}
	if len(ids) < *tortureRounds {
		t.Errorf("only %d messages were kept in %d rounds", len(ids), *tortureRounds)
	}
	t.Logf("%d messages; %v", len(ids), done)
}
