package bridge

import (
	"fmt"
	"testing"

	"tocbridge/toc"
)

// BenchmarkSignOn is a client that logs in to an account of its own with 20 buddies who are there: from its first line to
// the end of the names of &buddies.
func BenchmarkSignOn(b *testing.B) {
	const crowd = 1000
	names := make([]string, crowd)
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	w := newBenchWorld(b, names...)
	for i, name := range names {
		group := toc.Group{Name: "Buddies"}
		for k := range 20 {
			group.Buddies = append(group.Buddies, toc.Buddy{Name: toc.ScreenName(names[(i+1+k)%crowd])})
		}
		c := w.direct(toc.ScreenName(name))
		if err := c.Send(toc.NewBuddies{Groups: []toc.Group{group}}, toc.GetInfo{Name: toc.ScreenName(name)}); err != nil {
			b.Fatal(err)
		}
		for {
			e, err := c.Recv()
			if err != nil {
				b.Fatal(err)
			}
			if _, ok := e.(toc.GotoURL); ok {
				break
			}
		}
		c.Close()
	}
	b.ReportAllocs()
	b.ResetTimer()
	var clients []*wire
	for i := range b.N {
		if i%crowd == 0 {
			b.StopTimer()
			for _, c := range clients {
				c.send("QUIT\r\n")
				for {
					if _, err := c.r.ReadSlice('\n'); err != nil {
						break
					}
				}
			}
			clients = clients[:0]
			b.StartTimer()
		}
		clients = append(clients, w.connect(names[i%crowd]))
	}
}
