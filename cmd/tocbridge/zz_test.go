package main
import ("testing";"os";"fmt";"time")
func TestZZ(t *testing.T) {
	if os.Getenv("ZZ")=="" { t.Skip() }
	list := contenders(t)
	which := 2
	if os.Getenv("ZZ")=="t" { which = 1 }
	c := list[which]
	fmt.Println("PID", c.bridge.cmd.Process.Pid)
	end := time.Now().Add(8*time.Second)
	n := 0
	cpu := c.bridge.processor()
	for time.Now().Before(end) { if _, err := ping(c.from, c.to, c.peer(which)); err != nil { t.Fatal(err) }; n++ }
	fmt.Println("PINGS", n, "cpu each", (c.bridge.processor()-cpu)/time.Duration(n))
}
