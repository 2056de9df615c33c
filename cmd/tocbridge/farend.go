package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tocbridge/bridge"
	"tocbridge/bridge/pace"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// enterTime is how long the buddies may take to sign on.
const enterTime = 10 * time.Second

// A farEnd is what the demo bridges to: a TOC2 server and the buddies on it.
type farEnd struct {
	addr   string
	server *tocd.Server
	cancel context.CancelFunc
	group  *errgroup.Group
}

// startFarEnd starts the server on a loopback port of the system's choice and
// waits for the buddies to sign on. stop ends both, not ctx: the bridge signs its
// accounts off first.
func startFarEnd(ctx context.Context, realLimits bool, log *slog.Logger) (*farEnd, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the demo's AIM server: %w", err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &farEnd{addr: ln.Addr().String(), cancel: cancel, group: new(errgroup.Group)}
	buddies, passwords := hire(f.addr, realLimits, log)
	f.server = tocd.New(tocd.Options{
		AnyName: true, Accounts: passwords, RateLimits: realLimits, ConnectLimit: realLimits, Log: log,
	})
	f.group.Go(func() error {
		if err := f.server.Serve(life, ln); !errors.Is(err, tocd.ErrClosed) {
			return err
		}
		return nil
	})
	there := make(chan struct{}, len(buddies))
	for _, b := range buddies {
		b.entered = sync.OnceFunc(func() { there <- struct{}{} })
		f.group.Go(func() error { b.run(life); return nil })
	}
	if err := waitFor(ctx, there, len(buddies)); err != nil {
		return nil, errors.Join(fmt.Errorf("the demo's buddies do not sign on: %w", err), f.stop(context.WithoutCancel(ctx)))
	}
	return f, nil
}

// hire makes the buddies of the cast, with passwords that nobody knows.
func hire(addr string, realLimits bool, log *slog.Logger) (buddies []*buddy, passwords map[string]string) {
	model := pace.Off
	if realLimits {
		model = pace.Oscar
	}
	passwords = map[string]string{}
	for _, r := range cast {
		b := &buddy{role: r, addr: addr, password: rand.Text()[:16], pace: model, log: log.With("buddy", string(r.name))}
		passwords[string(r.name)] = b.password
		buddies = append(buddies, b)
	}
	return buddies, passwords
}

// waitFor receives n times, within enterTime.
func waitFor(ctx context.Context, there <-chan struct{}, n int) error {
	ctx, cancel := context.WithTimeout(ctx, enterTime)
	defer cancel()
	for range n {
		select {
		case <-there:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stop signs the buddies off, closes the server and waits for both.
func (f *farEnd) stop(ctx context.Context) error {
	f.cancel()
	err := f.server.Close()
	done := make(chan error, 1)
	go func() { done <- f.group.Wait() }()
	select {
	case e := <-done:
		return errors.Join(err, e)
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// signOn signs a demo user on, see newcomer.
func (f *farEnd) signOn(ctx context.Context, name toc.ScreenName, password string) (bridge.Uplink, error) {
	c, err := toc.SignOn(ctx, f.addr, toc.Login{Name: name, Password: password, Version: "TIC:tocbridge"})
	if err != nil {
		return nil, err
	}
	return &newcomer{Client: c}, nil
}

// A newcomer is the link of a demo user. A buddy list that is still empty gets
// the demo's buddies, so that there is somebody to talk to.
type newcomer struct {
	*toc.Client
	listed bool // the list came; owned by the caller of RecvBatch
}

// RecvBatch implements bridge.Uplink.
func (n *newcomer) RecvBatch(dst []toc.Event) ([]toc.Event, error) {
	old := len(dst)
	dst, err := n.Client.RecvBatch(dst)
	for i := old; i < len(dst) && !n.listed; i++ {
		list, ok := dst[i].(toc.Config)
		if !ok {
			continue
		}
		n.listed = true
		if len(list.Groups) == 0 {
			list.Groups = castList()
			dst[i] = list
			err = errors.Join(err, n.Client.Send(toc.NewBuddies{Groups: list.Groups}))
		}
	}
	return dst, err
}
