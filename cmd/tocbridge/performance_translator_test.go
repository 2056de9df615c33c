package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// roleEnv makes another process of the test binary: a role and its argument.
const (
	roleEnv        = "TOCBRIDGE_TEST_ROLE"
	roleTranslator = "translator" // of the TOC server at that address
	roleFarEnd     = "far-end"    // with accounts of these names, parted by commas
)

// playRole runs until standard input ends and says on standard error where it listens.
func playRole(role, arg string) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stderr, role, "listens at", ln.Addr())
	switch role {
	case roleTranslator:
		go runTranslator(ln, arg)
	case roleFarEnd:
		go func() {
			_ = tocd.New(tocd.Options{Accounts: accountsOf(strings.Split(arg, ","))}).Serve(context.Background(), ln)
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // either way it is over
	return 0
}

// startRole runs the test binary in a role.
func startRole(t *testing.T, role, arg string) *measured {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), self)
	cmd.Env = []string{roleEnv + "=" + role + " " + arg}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	p := startCommand(t, cmd)
	return &measured{process: p, addr: p.find(role + " listens at ")}
}

// runTranslator is a bridge that only translates lines: what two hops through sockets cost, and hardly more. For each
// IRC client it signs on, and then makes an IM of a PRIVMSG and a PRIVMSG of an IM, all that waits with one write. It
// knows no commands, keeps no state, has no queues and checks nothing.
func runTranslator(ln net.Listener, aim string) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer nc.Close()
			if err := translate(nc, aim); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}
}

// translate serves one client.
func translate(nc net.Conn, aim string) error {
	in := bufio.NewReaderSize(nc, 4<<10)
	var nick, password string
	for nick == "" {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		switch word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "PASS":
			password = rest
		case "NICK":
			nick = rest
		}
	}
	c, err := toc.SignOn(context.Background(), aim, toc.Login{Name: toc.ScreenName(nick), Password: password})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Send(toc.InitDone{}, toc.GetInfo{Name: toc.ScreenName(nick)}); err != nil {
		return err
	}
	go func() {
		defer c.Close()
		_ = translateUp(in, c) // ends with either connection
	}()
	return translateDown(c, nc, nick)
}

func translateUp(in *bufio.Reader, c *toc.Client) error {
	var cmds []toc.Command
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if rest, ok := bytes.CutPrefix(line, []byte("PRIVMSG ")); ok {
			to, text, _ := bytes.Cut(bytes.TrimRight(rest, "\r\n"), []byte(" :"))
			cmds = append(cmds, toc.SendIM{To: toc.ScreenName(to), Text: string(text)})
		}
		if in.Buffered() > 0 && len(cmds) < 256 || len(cmds) == 0 {
			continue
		}
		if err := c.Send(cmds...); err != nil {
			return err
		}
		cmds = cmds[:0]
	}
}

func translateDown(c *toc.Client, nc net.Conn, nick string) error {
	var events []toc.Event
	var out []byte
	for {
		var err error
		if events, err = c.RecvBatch(events[:0]); err != nil {
			return err
		}
		out = out[:0]
		for _, e := range events {
			switch e := e.(type) {
			case toc.GotoURL: // the answer to what followed toc_init_done: signed on
				out = fmt.Appendf(out, ":t.test 001 %s :Hello\r\n:t.test 366 %s &buddies :End\r\n", nick, nick)
			case toc.IMIn:
				out = append(append(append(out, ':'), e.From...), "!u@aim PRIVMSG "...)
				out = append(append(append(append(out, nick...), " :"...), e.Text...), "\r\n"...)
			}
		}
		if _, err := nc.Write(out); err != nil {
			return err
		}
	}
}
