package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

var performance = flag.Bool("performance", false, "TestPerformanceTable measures, for some minutes, and prints the table")

// performanceOnly leaves parts out while one of them is worked at.
var performanceOnly = flag.String("performance.only", "", "comma-separated parts of the table: latency, flood, fanout, stall, memory, return")

// A figure is a row of the table. Its target is what we want and its least what is acceptable; without a target it is
// there for comparison.
type figure struct {
	what          string
	value         float64
	unit          string
	target, least float64
	atLeast       bool // more is better
}

func (f figure) verdict() string {
	reached := func(bound float64) bool {
		if f.atLeast {
			return f.value >= bound
		}
		return f.value <= bound
	}
	switch {
	case f.target == 0:
		return ""
	case reached(f.target):
		return "reached"
	case reached(f.least):
		return "acceptable"
	}
	return "MISSED"
}

func (f figure) bounds() (target, least string) {
	if f.target == 0 {
		return "", ""
	}
	sign := "≤ "
	if f.atLeast {
		sign = "≥ "
	}
	return sign + number(f.target), sign + number(f.least)
}

// number has three digits that count, and thousands apart.
func number(v float64) string {
	switch {
	case v >= 1000:
		var parts []string
		n := int64(v + 0.5)
		for ; n >= 1000; n /= 1000 {
			parts = append(parts, fmt.Sprintf("%03d", n%1000))
		}
		parts = append(parts, fmt.Sprint(n))
		slices.Reverse(parts)
		return strings.Join(parts, " ")
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00")
}

// A table collects figures.
type table struct{ rows []figure }

func (t *table) add(what string, value float64, unit string) {
	t.rows = append(t.rows, figure{what: what, value: value, unit: unit})
}

func (t *table) atMost(what string, value float64, unit string, target, least float64) {
	t.rows = append(t.rows, figure{what, value, unit, target, least, false})
}

func (t *table) atLeast(what string, value float64, unit string, target, least float64) {
	t.rows = append(t.rows, figure{what, value, unit, target, least, true})
}

func (t *table) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "figure\there\t\ttarget\tacceptable\t\n")
	for _, f := range t.rows {
		target, least := f.bounds()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.what, number(f.value), f.unit, target, least, f.verdict())
	}
	w.Flush()
	return b.String()
}

// TestPerformanceTable measures the built program from outside and prints what the README calls the table. What it
// asserts is that no message is lost, doubled or reordered under load; no time is asserted.
func TestPerformanceTable(t *testing.T) {
	if !*performance {
		t.Skip("needs -performance")
	}
	if raceEnabled {
		t.Fatal("figures of the race detector mean nothing")
	}
	var tab table
	for _, part := range []struct {
		name string
		run  func(*testing.T, *table)
	}{
		{"latency", measureLatency}, {"flood", measureFlood}, {"fanout", measureFanOut},
		{"stall", measureStall}, {"memory", measureMemory}, {"return", measureReturn},
	} {
		if *performanceOnly == "" || slices.Contains(strings.Split(*performanceOnly, ","), part.name) {
			t.Run(part.name, func(t *testing.T) { part.run(t, &tab) })
		}
	}
	fmt.Fprintf(os.Stdout, "\n%s, %d processors, %s\n\n%s\n", runtime.Version(), runtime.GOMAXPROCS(0), time.Now().Format(time.DateTime), &tab)
}

// A contender is one way from alice to bob.
type contender struct {
	name     string
	from, to end
	bridge   *measured // nil: none
}

// contenders are the direct exchange and the bridges, each with accounts of its own on one far end. Every party is a
// process of its own, but for alice and bob, who are both in this one.
func contenders(t *testing.T) []*contender {
	t.Helper()
	alices, bobs := []string{"a0", "a1", "a2", "a3"}, []string{"b0", "b1", "b2", "b3"}
	aim := startRole(t, roleFarEnd, strings.Join(append(alices, bobs...), ",")).addr
	for _, name := range alices {
		if err := fillList(t.Context(), aim, name, bobs...); err != nil {
			t.Fatal(err)
		}
	}
	list := []*contender{{name: "direct", from: signOnDirect(t, aim, "a0"), to: signOnDirect(t, aim, "b0")}}
	for i, m := range []*measured{startRole(t, roleTranslator, aim), startMeasured(t, aim), startMeasured(t, aim, withStore(t))} {
		c := &contender{name: []string{"translating", "tocbridge", "tocbridge with store"}[i], bridge: m}
		c.to, c.from = openIRC(t, m.addr, c.peer(i+1)), openIRC(t, m.addr, fmt.Sprintf("a%d", i+1))
		list = append(list, c)
	}
	for i, c := range list {
		if _, err := flood(t, c.from, c.peer(i), 4*floodChunk*floodWindow, c.to); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	return list
}

func (c *contender) peer(i int) string { return fmt.Sprintf("b%d", i) }

// measureLatency passes one message at a time. The contenders take turns, and of each the best turn counts: what the
// machine does beside it falls on some turns only.
func measureLatency(t *testing.T, tab *table) {
	const turns, pings = 60, 250
	list := contenders(t)
	median, p99 := make([]time.Duration, len(list)), make([]time.Duration, len(list))
	for range turns {
		for i, c := range list {
			took := make([]time.Duration, pings)
			for n := range took {
				var err error
				if took[n], err = ping(c.from, c.to, c.peer(i)); err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
			}
			slices.Sort(took)
			median[i], p99[i] = least(median[i], took[pings/2]), least(p99[i], took[pings*99/100])
		}
	}
	for i, c := range list {
		tab.add("one way, "+c.name+": median", us(median[i]), "µs")
		tab.add("one way, "+c.name+": 99 of 100", us(p99[i]), "µs")
	}
	tab.add("one way, translating : direct, median", ratio(median[1], median[0]), "")
	tab.add("one way, translating : direct, 99 of 100", ratio(p99[1], p99[0]), "")
	tab.atMost("one way, tocbridge : direct, median", ratio(median[2], median[0]), "", 2.6, 3)
	tab.atMost("one way, tocbridge : direct, 99 of 100", ratio(p99[2], p99[0]), "", 2.3, 3.5)
	tab.atMost("one way, what tocbridge adds : translating adds", ratio(median[2]-median[0], median[1]-median[0]), "", 1.5, 1.5)
	tab.add("one way, tocbridge with store : direct, median", ratio(median[3], median[0]), "")
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// least is the smaller of two measurements, of which the first may be missing.
func least(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

func ratio[T ~int64 | ~float64](a, b T) float64 { return float64(a) / float64(b) }

// A load is what a flood came to, at its best of several.
type load struct {
	rate float64       // messages a second
	cost time.Duration // processor time of the bridge for one message
}

// bestFlood repeats a flood; the best counts.
func bestFlood(t *testing.T, m *measured, from end, name string, times, n int, to ...end) (best load) {
	t.Helper()
	for range times {
		var before time.Duration
		if m != nil {
			before = m.processor()
		}
		took, err := flood(t, from, name, n, to...)
		if err != nil {
			t.Fatal(err)
		}
		best.rate = max(best.rate, float64(n)/took.Seconds())
		if m != nil {
			best.cost = least(best.cost, (m.processor()-before)/time.Duration(n))
		}
	}
	return best
}

// measureFlood is as many messages as will go from one to one.
func measureFlood(t *testing.T, tab *table) {
	const turns, messages = 4, floodChunk * 600
	list := contenders(t)
	loads := make([]load, len(list))
	for range turns {
		for i, c := range list {
			l := bestFlood(t, c.bridge, c.from, c.peer(i), 1, messages, c.to)
			loads[i].rate = max(loads[i].rate, l.rate)
			loads[i].cost = least(loads[i].cost, l.cost)
		}
	}
	for i, c := range list {
		tab.add("flood, "+c.name, loads[i].rate, "messages/s")
	}
	tab.add("flood, translating : direct", loads[1].rate/loads[0].rate, "")
	tab.atLeast("flood, tocbridge : direct", loads[2].rate/loads[0].rate, "", 0.28, 0.10)
	tab.atLeast("flood, tocbridge with store", loads[3].rate, "messages/s", 60_000, 60_000)
	tab.add("flood, processor time of translating", us(loads[1].cost), "µs/message")
	tab.atMost("flood, processor time of tocbridge", us(loads[2].cost), "µs/message", 4, 10)
	tab.add("flood, processor time of tocbridge with store", us(loads[3].cost), "µs/message")

	a, b := list[0].from, list[0].to // the direct ends talk to those of the bridges
	for i, c := range list[2:] {
		up := bestFlood(t, c.bridge, c.from, "b0", turns, messages, b)
		down := bestFlood(t, c.bridge, a, c.peer(i+2), turns, messages, c.to)
		target := []float64{150_000, 60_000}[i]
		tab.atLeast("flood, IRC to AIM, "+c.name, up.rate, "messages/s", target, 60_000)
		tab.atLeast("flood, AIM to IRC, "+c.name, down.rate, "messages/s", target, 60_000)
	}
}

// fanOut is a bridge whose account bob has clients.
func fanOut(t *testing.T, clients int, more ...string) (m *measured, from end, to []end) {
	t.Helper()
	aim := startLoaded(t, "alice", "bob")
	m = startMeasured(t, aim.addr, more...)
	for range clients {
		to = append(to, openIRC(t, m.addr, "bob"))
	}
	return m, signOnDirect(t, aim.addr, "alice"), to
}

// measureFanOut is a flood to an account with ten clients.
func measureFanOut(t *testing.T, tab *table) {
	m, from, to := fanOut(t, 10)
	best := bestFlood(t, m, from, "bob", 4, floodChunk*300, to...)
	tab.atLeast("flood to 10 clients of one account", best.rate*10, "deliveries/s", 1_000_000, 300_000)
	m, from, to = fanOut(t, 10, withStore(t))
	best = bestFlood(t, m, from, "bob", 4, floodChunk*300, to...)
	tab.atLeast("flood to 10 clients of one account, with store", best.rate*10, "deliveries/s", 300_000, 100_000)
}

// measureStall is the same with one of the ten that stops reading.
func measureStall(t *testing.T, tab *table) {
	const messages = floodChunk * 600
	var all, nine load
	var grown int64
	for range 3 {
		m, from, to := fanOut(t, 10)
		bestFlood(t, m, from, "bob", 1, messages, to...)
		stop := m.watchResident()
		all.rate = max(all.rate, bestFlood(t, m, from, "bob", 1, messages, to...).rate)
		before := stop()
		stop = m.watchResident()
		nine.rate = max(nine.rate, bestFlood(t, m, from, "bob", 1, messages, to[:9]...).rate)
		more := max(stop()-before, 0)
		if grown == 0 || more < grown {
			grown = more
		}
	}
	tab.atMost("one of 10 clients stalls: the others' loss", max(0, 100*(1-nine.rate/all.rate)), "%", 20, 30)
	tab.atMost("one of 10 clients stalls: memory", float64(grown)/(1<<20), "MiB", 8, 16)
}

// measureMemory signs many accounts on, each with twenty buddies that are on too, and lets them idle.
func measureMemory(t *testing.T, tab *table) {
	mib := func(m *measured) float64 { return float64(m.resident()) / (1 << 20) }
	tab.atMost("memory of the empty process", mib(startMeasured(t, "127.0.0.1:1", withStore(t))), "MiB", 16, 16)
	tab.add("memory of the empty process without store", mib(startMeasured(t, "127.0.0.1:1")), "MiB")
	for _, n := range []int{1000, 5000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) { measureAccounts(t, tab, n, "") })
		t.Run(fmt.Sprint(n, " with store"), func(t *testing.T) { measureAccounts(t, tab, n, withStore(t)) })
	}
}

const idleTime = 10 * time.Second

func measureAccounts(t *testing.T, tab *table, n int, setting string) {
	aim, names := startCrowd(t, n)
	label := number(float64(n)) + " accounts"
	var m *measured
	if setting == "" {
		m = startMeasured(t, aim.addr)
	} else {
		m = startMeasured(t, aim.addr, setting)
		label += " with store"
	}
	empty, before := m.resident(), m.processor()
	took, _ := logInAll(t, m.addr, names, 32)
	spent := m.processor() - before
	settle(m)
	time.Sleep(2*houseTime + time.Second) // memory is given back
	settle(m)
	before = m.processor()
	time.Sleep(idleTime) // what is measured is that nothing happens
	idle := m.processor() - before
	resident := m.resident() - empty
	tab.atLeast(label+": sign-ons", float64(n)/took.Seconds(), "a second", 1200, 500)
	tab.atMost(label+": processor time of a sign-on", float64(spent.Microseconds())/1e3/float64(n), "ms", 0.8, 2)
	tab.atMost(label+" idle, 20 buddies: memory of one", float64(resident)/1024/float64(n), "KiB", 48, 90)
	tab.atMost(label+" idle: processor", 100*idle.Seconds()/idleTime.Seconds(), "%", 0.5, 1)
	tab.atMost(label+" idle: goroutines of one", float64(m.goroutines())/float64(n), "", 4, 4)
}

// settle waits until the process has nothing left to do.
func settle(m *measured) {
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		before := m.processor()
		time.Sleep(time.Second)
		if m.processor()-before < 2*time.Millisecond {
			return
		}
	}
}

// listSize is how many buddies an account has in the measurements.
const listSize = 20

// startCrowd is a far end with accounts in a ring, each of which has the next twenty on its list.
func startCrowd(t *testing.T, n int) (*loadedServer, []string) {
	t.Helper()
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	aim := startLoaded(t, names...)
	for i, name := range names {
		var buddies []string
		for k := range listSize {
			buddies = append(buddies, names[(i+1+k)%n])
		}
		if err := fillList(t.Context(), aim.addr, name, buddies...); err != nil {
			t.Fatal(err)
		}
	}
	return aim, names
}

// measureReturn lets the server of a thousand accounts go away until they have reached the longest pause, and come
// back.
func measureReturn(t *testing.T, tab *table) {
	const accounts, pause = 1000, 6 * time.Second
	aim, names := startCrowd(t, accounts)
	m := startMeasured(t, aim.addr, fmt.Sprintf("toc.reconnect_min = \"1s\"\ntoc.reconnect_max = %q", pause))
	logInAll(t, m.addr, names, 32)
	aim.close()
	time.Sleep(4 * pause)
	aim.open()
	start := time.Now()
	for deadline := start.Add(20 * pause); aim.online(names) < accounts; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d accounts are back", aim.online(names), accounts)
		}
	}
	back := time.Since(start)
	tab.atMost("1 000 accounts are back after the server, in", back.Seconds(), "s", 3, 2*pause.Seconds())
	tab.atMost("the same, to the longest pause between attempts", ratio(back, pause), "", 1.2, 2)
}

func TestTable(t *testing.T) {
	t.Parallel()
	var tab table
	tab.add("one", 1234567, "things/s")
	tab.atLeast("two", 0.3, "", 0.28, 0.1)
	tab.atMost("three", 12.34, "ms", 10, 20)
	tab.atMost("four", 100.4, "ms", 10, 20)
	want := [][]string{
		{"figure", "here", "target", "acceptable"},
		{"one", "1", "234", "567", "things/s"},
		{"two", "0.30", "≥", "0.28", "≥", "0.10", "reached"},
		{"three", "12.3", "ms", "≤", "10.0", "≤", "20.0", "acceptable"},
		{"four", "100", "ms", "≤", "10.0", "≤", "20.0", "MISSED"},
	}
	var got [][]string
	for line := range strings.Lines(tab.String()) {
		got = append(got, strings.Fields(line))
	}
	if !slices.EqualFunc(want, got, func(a, b []string) bool { return slices.Equal(a, b) }) {
		t.Errorf("the table is\n%s", &tab)
	}
}
