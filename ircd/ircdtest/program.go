package ircdtest

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is a running program as a connection: what it prints is what comes, what is sent is its input.
type program struct {
	net.Conn // nil: no deadlines, the program ends with the test's patience
	io.Reader
	in  io.WriteCloser
	end func()
}

func (p *program) Read(b []byte) (int, error)       { return p.Reader.Read(b) }
func (p *program) Write(b []byte) (int, error)      { return p.in.Write(b) }
func (p *program) SetReadDeadline(time.Time) error  { return nil }
func (p *program) SetWriteDeadline(time.Time) error { return nil }
func (p *program) Close() error                     { p.end(); return nil }

// OpenSSL is a Client in openssl s_client, connected to addr with these further arguments. Without openssl the test is
// skipped; in CI (CI=true) it fails. The program ends with the Client, at the latest after thrice Timeout.
func OpenSSL(t *testing.T, addr string, args ...string) *Client {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("openssl is not installed")
	} else if err != nil {
		t.Skip("openssl is not installed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*Timeout)
	// -quiet also keeps Q and R at the beginning of a line from being commands.
	cmd := exec.CommandContext(ctx, path, append([]string{"s_client", "-quiet", "-connect", addr}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		cancel()
		_ = in.Close()
		_ = cmd.Wait() // killed, or ended by the server
		if t.Failed() {
			t.Logf("openssl said:\n%s", &said)
		}
	})
	return New(t, &program{Reader: out, in: in, end: end})
}
