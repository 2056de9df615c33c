package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"golang.org/x/sync/errgroup"

	"tocbridge/bridge"
	"tocbridge/bridge/pace"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// A farEnd is what the demo bridges to: a TOC2 server and the buddies on it.
type farEnd struct {
	addr   string
	server *tocd.Server
	cancel context.CancelFunc
	group  *errgroup.Group
}

// startFarEnd starts the server on a loopback port of the system's choice and
// lets the buddies sign on. stop ends both, not ctx: the bridge signs its
// accounts off first.
func startFarEnd(ctx context.Context, realLimits bool, log *slog.Logger) (*farEnd, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the demo's AIM server: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &farEnd{addr: ln.Addr().String(), cancel: cancel, group: new(errgroup.Group)}
	o := tocd.Options{AnyName: true, RateLimits: realLimits, ConnectLimit: realLimits, Log: log, Accounts: map[string]string{}}
	model := pace.Off
	if realLimits {
		model = pace.Oscar
	}
	var buddies []*buddy
	for _, r := range cast {
		b := &buddy{role: r, addr: f.addr, password: rand.Text()[:16], pace: model, log: log.With("buddy", string(r.name))}
		o.Accounts[string(r.name)] = b.password
		buddies = append(buddies, b)
	}
	f.server = tocd.New(o)
	f.group.Go(func() error {
		if err := f.server.Serve(ctx, ln); !errors.Is(err, tocd.ErrClosed) {
			return err
		}
		return nil
	})
	for _, b := range buddies {
		f.group.Go(func() error { b.run(ctx); return nil })
	}
	return f, nil
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
