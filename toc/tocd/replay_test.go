package tocd

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocbridge/toc"
)

// The transcripts in testdata are replayed against the server, command by
// command, in fake time: after each command all goroutines come to rest
// (synctest.Wait), then what each connection got is compared with the record.
// Rate and address limits are on, as they were when it was recorded. The files
// whose names begin with a number are the project's captures; those that begin
// with x were recorded from the same live server to settle what it does in
// corners the captures leave open.

// captured are the accounts of the recordings.
var captured = map[string]string{
	"Alice Smith": "pwalice", "bob": "pwbob", "carol": "pwcarol", "Dave Jones": "pwdave",
}

// special is what a transcript does not say about how it was made.
type special struct {
	fresh bool                     // every command opens a connection of its own
	gap   time.Duration            // between commands; 0: one that no limit minds
	at    map[string]func(*replay) // to do before the line that begins so; "#2": before the second that is so
	until string                   // the record is replayed up to this line
	why   string                   // why not further
}

const (
	restful = 6 * time.Second // in every rate class
	brief   = 400 * time.Millisecond
)

var specials = map[string]special{
	"03-login-fail.txt": {fresh: true},
	"06-presence.txt": {at: map[string]func(*replay){
		"alice < UPDATE_BUDDY2:davejones:F:0:0:0:   :#2": func(r *replay) { r.links["dave"].drop() },
	}},
	"09-im-charset.txt": {
		until: "# now an OSCAR user",
		why:   "the rest needs a peer that speaks OSCAR, which tocd does not",
	},
	"11-chat.txt": {at: map[string]func(*replay){
		"# bob's connection drops": func(r *replay) { r.links["bob"].drop() },
	}},
	"21-rate-im.txt": {gap: 50 * time.Millisecond, at: map[string]func(*replay){
		`alice > toc2_send_im bob "burst 1"`:        rest(restful),
		`alice > toc2_send_im bob "second burst 1"`: rest(restful),
		`alice > toc2_send_im bob "after 27 s"`:     rest(27 * time.Second),
		"# toc_get_status draws":                    func(r *replay) { r.sp.gap = 200 * time.Millisecond },
	}},
	"22-rate-chat.txt": {gap: 2 * time.Millisecond}, // 109 would pass after a rest
	"26-big-config.txt": {at: map[string]func(*replay){
		"alice < NEW_BUDDY_REPLY2:bud0x0:added": addBigList,
	}},
}

func rest(d time.Duration) func(*replay) { return func(*replay) { time.Sleep(d) } }

// addBigList sends the commands that transcript 26 leaves out: ten groups of
// fifty, in portions of ten.
func addBigList(r *replay) {
	for g := range 10 {
		for from := 0; from < 50; from += 10 {
			group := toc.Group{Name: fmt.Sprintf("Group Number %d", g)}
			for b := from; b < from+10; b++ {
				name := fmt.Sprintf("bud%dx%d", g, b)
				group.Buddies = append(group.Buddies, toc.Buddy{Name: toc.ScreenName(name), Alias: fmt.Sprintf("Alias of %d", b)})
			}
			r.links["alice"].command(toc.NewBuddies{Groups: []toc.Group{group}}.Line())
			r.settle()
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	for _, file := range transcripts(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { replayFile(t, file) })
		})
	}
}

// transcripts lists those that show all connections; `NN-name.WHO.txt` repeats
// one of them.
func transcripts(t *testing.T) []string {
	paths, err := filepath.Glob("testdata/[0-9x]*-*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, p := range paths {
		if name := filepath.Base(p); strings.Count(name, ".") == 1 {
			files = append(files, name)
		}
	}
	if len(files) < 28 {
		t.Fatalf("found %d transcripts, want 28 and more: %v", len(files), files)
	}
	return files
}

// TestTranscriptsOfOne: the files of single connections hold what those of all
// connections hold, so that to replay the latter is to replay all.
func TestTranscriptsOfOne(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/[0-9]*.*.txt")
	if err != nil || len(paths) < 50 {
		t.Fatalf("found %d files, %v", len(paths), err)
	}
	for _, p := range paths {
		parts := strings.Split(filepath.Base(p), ".")
		all := spoken(t, filepath.Join("testdata", parts[0]+".txt"))
		var want []string
		for _, line := range all {
			if len(line) > 6 && strings.TrimSpace(line[:6]) == parts[1] {
				want = append(want, line[6:])
			}
		}
		if d := cmp.Diff(want, spoken(t, p)); d != "" {
			t.Errorf("%s (-all +one)\n%s", p, d)
		}
	}
}

// spoken reads a transcript without its remarks.
func spoken(t *testing.T, path string) (lines []string) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// A replay plays the clients' part of one transcript.
type replay struct {
	t       *testing.T
	srv     *Server
	net     *pipeNet
	sp      special
	links   map[string]*link // by the name of the connection in the record
	hosts   int
	step    int
	want    map[string][]record
	got     map[string][]record
	seen    map[string]int // how often a line stood in the transcript
	done    map[string]bool
	fetcher string // address that pages are fetched from
	page    *http.Response
	body    string
}

// record is a line with the number of the step after which it came.
type record struct {
	step int
	line string
}

func replayFile(t *testing.T, file string) {
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := &replay{
		t: t, sp: specials[file], links: map[string]*link{}, seen: map[string]int{}, done: map[string]bool{},
		want: map[string][]record{}, got: map[string][]record{},
	}
	r.srv = New(Options{
		Accounts: captured, PublicRooms: []string{"Lobby"}, RateLimits: true, ConnectLimit: true,
	})
	r.net = newPipeNet()
	served := make(chan error, 1)
	go func() { served <- r.srv.Serve(context.Background(), r.net) }()
	switch {
	case r.sp.gap > 0:
	case strings.HasPrefix(file, "x"):
		r.sp.gap = brief
	default:
		r.sp.gap = restful
	}

	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if r.sp.until != "" && strings.HasPrefix(lines.Text(), r.sp.until) {
			t.Logf("not replayed from %q on: %s", lines.Text(), r.sp.why)
			break
		}
		r.line(lines.Text())
	}
	r.settle()
	r.compare()
	for _, l := range r.links {
		l.drop()
	}
	r.srv.Close()
	if err := <-served; err != ErrClosed {
		t.Errorf("Serve: %v", err)
	}
}

// settle waits until nothing moves, then takes what the connections got.
func (r *replay) settle() {
	synctest.Wait()
	for who, l := range r.links {
		for _, line := range l.take() {
			r.got[who] = append(r.got[who], record{r.step, mask(line)})
		}
	}
}

// line plays one line of the transcript.
func (r *replay) line(text string) {
	r.seen[text]++
	r.before(text)
	if strings.HasPrefix(text, "#") {
		r.fetcher = "" // a new address for what follows
		return
	}
	who := strings.TrimSpace(text[:6])
	kind, arg, _ := strings.Cut(text[6:], " ")
	if play := plays[kind]; play != nil {
		play(r, who, arg)
		return
	}
	r.expect(who, kind, arg)
}

// before does what is to be done before a line, once.
func (r *replay) before(text string) {
	for key, do := range r.sp.at {
		prefix, second := strings.CutSuffix(key, "#2")
		if r.done[key] || !strings.HasPrefix(text, prefix) || second && r.seen[text] != 2 {
			continue
		}
		r.done[key] = true
		r.settle()
		do(r)
		r.settle()
	}
}

// plays are what a client does. Where bytes are recorded, the text beside them
// only explains.
var plays = map[string]func(r *replay, who, arg string){
	">": func(r *replay, who, arg string) {
		if l := r.links[who]; l != nil && l.raw && !l.ended() {
			return
		}
		r.act(who, r.opens(who, arg), func(l *link) { l.command(string(unescape(r.t, arg))) })
	},
	">>": func(r *replay, who, arg string) {
		p, err := hex.DecodeString(arg)
		if err != nil {
			r.t.Fatal(err)
		}
		if strings.HasPrefix(string(p), "FLAPON") || strings.HasPrefix(string(p), "GET") {
			r.settle()
			r.dial(who, true)
		}
		r.act(who, false, func(l *link) { l.write(p) })
	},
	">F4": func(r *replay, who, _ string) { r.act(who, false, func(l *link) { l.frame(toc.FrameSignOff, "") }) },
	">F5": func(r *replay, who, _ string) {
		r.act(who, r.sp.fresh, func(l *link) { l.frame(toc.FrameKeepAlive, "") })
	},
	">X":    func(r *replay, who, _ string) { r.act(who, false, (*link).drop) },
	">HTTP": (*replay).fetch,
}

// opens tells whether a command begins a connection: it does if it could sign
// on, or if every command does.
func (r *replay) opens(who, cmd string) bool {
	first, _, _ := strings.Cut(cmd, " ")
	signOn := first == "toc_signon" || first == "toc2_signon" || first == "toc2_login"
	return r.sp.fresh || signOn && strings.Contains(cmd, " 0x") || r.links[who] == nil
}

// act lets a client do something and waits for all that comes of it.
func (r *replay) act(who string, open bool, do func(*link)) {
	r.settle()
	time.Sleep(r.sp.gap)
	r.settle()
	if open {
		r.dial(who, false).hello()
		synctest.Wait()
		r.links[who].take() // the sign-on frame
	}
	r.step++
	do(r.links[who])
	r.settle()
}

// dial opens a connection, from an address of its own: nobody signs on from
// one address more than ten times a minute.
func (r *replay) dial(who string, raw bool) *link {
	if old := r.links[who]; old != nil {
		old.drop()
		synctest.Wait()
	}
	r.hosts++
	l := newLink(r.net.dial(r.t, fmt.Sprintf("127.0.1.%d:4000", r.hosts)), raw)
	r.links[who] = l
	return l
}

// expect notes a line that the server sent.
func (r *replay) expect(who, kind, arg string) {
	l := r.links[who]
	raw := l != nil && l.raw
	switch {
	case kind == "<" && arg == "ERROR:983" && r.sp.fresh:
		r.tooOften(who)
	case kind == "<ERR":
		kind, arg, raw = "<", "HTTP/1", false // HTTP, to a client that expects frames
	case kind == "<HTTP" || kind == "<BODY":
		r.checkPage(kind, arg)
		return
	}
	line := strings.TrimSuffix(kind[1:]+" "+arg, " ") // EOF; hex
	switch {
	case kind == "<F1", kind == "<" && raw:
		return // is also there as bytes
	case kind == "<":
		line = arg
	}
	r.want[who] = append(r.want[who], record{r.step, mask(line)})
}

// tooOften uses up the sign-ons of an address, then tries once more.
func (r *replay) tooOften(who string) {
	r.settle()
	r.step++
	for range perWindow {
		l := newLink(r.net.dial(r.t, "127.0.2.1:4000"), false)
		l.hello()
		synctest.Wait()
		l.drop()
	}
	l := newLink(r.net.dial(r.t, "127.0.2.1:4000"), false)
	r.links[who] = l
	l.hello()
	synctest.Wait()
	for _, line := range l.take()[1:] { // the sign-on frame
		r.got[who] = append(r.got[who], record{r.step, line})
	}
}

// fetch gets the page that the record got, with a cookie of our own.
func (r *replay) fetch(who, arg string) {
	r.settle()
	_, path, _ := strings.Cut(arg, " ")
	if strings.Contains(path, "cookie=0010") {
		path = "/" + strings.SplitN(r.links[who].url(), ":", 3)[2]
	}
	if r.fetcher == "" {
		r.hosts++
		r.fetcher = fmt.Sprintf("127.0.1.%d:4000", r.hosts)
	}
	r.page, r.body = r.net.get(r.t, r.fetcher, path)
}

func (r *replay) checkPage(kind, arg string) {
	got := r.page.Status + " " + r.page.Header.Get("Content-Type")
	if kind == "<BODY" {
		got = escape(r.body)
	}
	if got != arg {
		r.t.Errorf("page\n got %s\nwant %s", got, arg)
	}
}

var (
	maskTime   = regexp.MustCompile(`^(UPDATE_BUDDY2?:[^:]*:T:\d+):\d+:`)
	maskCookie = regexp.MustCompile(`cookie=[0-9a-f]+`)
	maskDice   = regexp.MustCompile(`dice:( \d+)+`)
	maskHTTP   = regexp.MustCompile(`(?s)^HTTP/1.*`)
)

// mask hides what differs from run to run: times, cookies, dice, and the order
// of the names in a room and of the lists in CONFIG2.
func mask(line string) string {
	line = maskTime.ReplaceAllString(line, "$1:TIME:")
	line = maskCookie.ReplaceAllString(line, "cookie=X")
	line = maskDice.ReplaceAllString(line, "dice: X")
	line = maskHTTP.ReplaceAllString(line, "HTTP/1")
	if head, names, ok := strings.Cut(line, ":T:"); ok && strings.HasPrefix(line, "CHAT_UPDATE_BUDDY:") {
		list := strings.Split(names, ":")
		slices.Sort(list)
		line = head + ":T:" + strings.Join(list, ":")
	}
	if body, ok := strings.CutPrefix(line, "CONFIG2:"); ok {
		lines := strings.SplitAfter(body, `\n`)
		lists := 0
		for lists < len(lines) && strings.Contains("dpm", lines[lists][:1]) && lines[lists] != `done:\n` {
			lists++
		}
		slices.Sort(lines[:lists])
		line = "CONFIG2:" + strings.Join(lines, "")
	}
	return line
}

// late is by how many steps the recorder may have seen a line later than we
// did: its clients did not wait for everything.
const late = 2

// compare checks that every connection got what is recorded, no more, and
// after the same command.
func (r *replay) compare() {
	names := map[string]bool{}
	for who := range r.want {
		names[who] = true
	}
	for who := range r.got {
		names[who] = true
	}
	for who := range names {
		want := slices.Clone(r.want[who])
		var extra []record
		for _, g := range r.got[who] {
			i := slices.IndexFunc(want, func(w record) bool {
				return w.line == g.line && w.step >= g.step && w.step <= g.step+late
			})
			if i < 0 {
				extra = append(extra, g)
				continue
			}
			want = slices.Delete(want, i, i+1)
		}
		if len(want) > 0 || len(extra) > 0 {
			r.t.Errorf("%s (-missing +not recorded):\n%s", who, cmp.Diff(texts(want), texts(extra)))
		}
	}
}

func texts(rs []record) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = fmt.Sprintf("step %d: %.300s", r.step, r.line)
	}
	return out
}
