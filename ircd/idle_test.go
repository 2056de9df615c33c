package ircd_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocbridge/ircd"
)

// idleEnv makes the test binary a holder of idle connections: "address count".
const idleEnv = "IRCD_TEST_HOLD"

// TestHoldIdle is not a test of its own: TestManyIdle runs it in another process, because one process may not have file
// descriptors for both ends. It opens connections, says so, and holds them until its standard input ends.
func TestHoldIdle(t *testing.T) {
	addr, count, ok := strings.Cut(os.Getenv(idleEnv), " ")
	if !ok {
		return
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	fmt.Println("holding")
	io.Copy(io.Discard, os.Stdin)
}

// idleCount is 10,000, or what file descriptors there are for.
func idleCount(t *testing.T) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := min(10000, int(limit.Max)-1000)
	if n < 10000 {
		t.Logf("%d connections: this machine allows %d file descriptors", n, limit.Max)
	}
	return n
}

// TestManyIdle: ten thousand sockets that say nothing cost little, and somebody else is served at once.
func TestManyIdle(t *testing.T) {
	t.Parallel()
	n := idleCount(t)
	s := start(t, func(s *server) {
		s.Limits.PerAddr, s.Limits.PerAddrUnregistered, s.Limits.Conns, s.Limits.Register = 0, 0, 0, 0
	})
	holder := exec.Command(os.Args[0], "-test.run=^TestHoldIdle$")
	holder.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", idleEnv, s.addr, n))
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "holding\n" {
		t.Errorf("the holder says %q (%v)", line, err)
	}
	c := s.register("alice")
	for held := ""; held != strconv.Itoa(n) && !t.Failed(); runtime.Gosched() {
		c.Send("LUSERS")
		held = c.Expect("253 alice * *").Params[1]
	}
	c.Send("PING x")
	c.Expect("PONG irc.test x")
	in.Close()
	if err := holder.Wait(); err != nil {
		t.Errorf("holder: %v", err)
	}
}

// TestOneByteASecond: who reads that slowly falls behind until its SendQ is full, and delays nobody.
func TestOneByteASecond(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.SendQ, s.Limits.Rate = 64<<10, 0 })
	slow, good := s.register("alice"), s.register("bob")
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		one := make([]byte, 1)
		for range tick.C {
			if _, err := slow.Conn().Read(one); err != nil {
				return
			}
		}
	}()
	burst := []byte("SAY 500 " + strings.Repeat("x", 400) + "\r\n")
	for range 40 { // the kernel's buffers take some of it
		if _, err := slow.Conn().Write(burst); err != nil {
			break // cut off already
		}
		good.Sync()
	}
	s.untilClosed(ircd.ReasonSendQ, 1)
	good.Sync()
	slow.Close()
	<-done
}
