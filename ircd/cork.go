package ircd

import "sync"

// Cork holds back what is sent to a session's clients while the session works, so that each client is written to once
// for all that happened meanwhile, by the session's goroutine itself where the socket takes it at once. What another
// goroutine sends meanwhile is held back too. The zero value is open.
type Cork struct {
	mu    sync.Mutex // guards the following; taken with a queue's mu, never before it
	on    bool
	dirty []*queue // have something that no writer was told of
}

// SetCork puts the connection under a cork. For Session.Attach, or the session's goroutine soon after.
func (c *Conn) SetCork(k *Cork) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.out.cork = k
}

// Hold closes the cork until Release. The caller must not wait for anything in between.
func (k *Cork) Hold() {
	k.mu.Lock()
	k.on = true
	k.mu.Unlock()
}

// Release lets everything go that was held back.
func (k *Cork) Release() {
	k.mu.Lock()
	k.on = false
	dirty := k.dirty
	k.dirty = nil
	k.mu.Unlock()
	for i, q := range dirty {
		q.release()
		dirty[i] = nil
	}
	k.mu.Lock()
	if k.dirty == nil {
		k.dirty = dirty[:0]
	}
	k.mu.Unlock()
}

// keep takes note of a queue that got something; false: the cork is open. With q.mu.
func (k *Cork) keep(q *queue) bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.on {
		k.dirty = append(k.dirty, q)
	}
	return k.on
}
