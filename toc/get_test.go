package toc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// silent is the part of a Login that SignOn fills in.
var silent = Login{Log: slog.New(slog.DiscardHandler), WriteTimeout: time.Minute, Dial: new(net.Dialer).DialContext}

// clientOf is a client that is connected to a web server.
func clientOf(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); s.Close() })
	return &Client{conn: conn, addr: "name.invalid:1", dialed: true, login: silent}
}

func statusHandler(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }
}

const livePage = "\n<HTML><HEAD><TITLE>Profile Lookup</TITLE></HEAD><BODY>\nUsername : <B>davejones</B><BR><BR>\n" +
	"I like <b>trains</b> & é\n</BODY></HTML>"

func TestGet(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/info" || r.URL.Query().Get("cookie") != "00ff" || r.URL.Query().Get("user") != "dave jönes" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		io.WriteString(w, livePage)
	})
	for _, path := range []string{"info?cookie=00ff&user=dave jönes", "/info?user=dave%20j%C3%B6nes&cookie=00ff", "//info?user=dave+jönes&cookie=00ff"} {
		page, err := c.Get(testContext(t), GotoURL{"profile", path})
		if err != nil || page != livePage {
			t.Errorf("%s: %q, %v", path, page, err)
		}
	}
	if got := ProfileHTML(livePage); got != "I like <b>trains</b> & é" {
		t.Errorf("profile %q", got)
	}
}

func TestGetErrors(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		400: ErrProfileExpired, 403: ErrProfileExpired, 404: ErrNoProfile, 429: ErrProfileBusy, 500: nil, 302: nil, 204: nil,
	} {
		asked := 0
		c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		page, err := c.Get(testContext(t), GotoURL{"profile", "info"})
		if page != "" || err == nil || want != nil && !errors.Is(err, want) || asked != 1 {
			t.Errorf("%d: %q, %v, %d requests", status, page, err, asked)
		}
		if want == nil && !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestGetBig(t *testing.T) {
	t.Parallel()
	for _, chunked := range []bool{false, true} {
		for size, ok := range map[int]bool{maxPage: true, maxPage + 1: false, 4 * maxPage: false} {
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				if !chunked {
					w.Header().Set("Content-Length", fmt.Sprint(size))
				}
				io.Copy(w, io.LimitReader(xs{}, int64(size)))
			})
			page, err := c.Get(testContext(t), GotoURL{"profile", "info"})
			if ok && (err != nil || len(page) != size) || !ok && !errors.Is(err, ErrPageTooBig) {
				t.Errorf("%d bytes (chunked: %v): %d, %v", size, chunked, len(page), err)
			}
		}
	}
}

type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestGetDecodes(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "caf\xe9") })
	if page, err := c.Get(testContext(t), GotoURL{}); err != nil || page != "café" {
		t.Errorf("%q, %v", page, err)
	}
}

// TestGetInjects: a path cannot end the request line.
func TestGetInjects(t *testing.T) {
	t.Parallel()
	near, server := net.Pipe()
	c := &Client{addr: "h:1", conn: near, login: Login{Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
		if addr != "h:1" {
			t.Errorf("dials %s", addr)
		}
		return near, nil
	}}}
	asked := make(chan string)
	go func() {
		b := make([]byte, 1000)
		n, _ := server.Read(b)
		server.Close()
		asked <- string(b[:n])
	}()
	_, err := c.Get(testContext(t), GotoURL{"x\r\n", "http://evil/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /"})
	got := <-asked
	if want := "GET /http://evil/%20HTTP/1.1%0D%0AHost:%20evil%0D%0A%0D%0AGET%20/ HTTP/1.1\r\nHost: h:1\r\n"; !strings.HasPrefix(got, want) {
		t.Errorf("asked %q", got)
	}
	if err == nil || strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("%v", err)
	}
}

func TestGetCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	release := make(chan struct{})
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) { cancel(why); <-release })
	defer close(release)
	if _, err := c.Get(ctx, GotoURL{}); !errors.Is(err, why) {
		t.Error(err)
	}
}

func TestProfileHTML(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                "",
		"something else":  "something else",
		"Username : <B>x": "Username : <B>x",
		"Username : <B>x</B><BR><BR>\n\n</BODY></HTML>":  "",
		"Username : <B>x</B><BR><BR>a</BODY>b</BODY>end": "a</BODY>b",
	} {
		if got := ProfileHTML(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
