package bridge

// StoreTrouble tells all users that their history cannot be written at the moment, or with nil that it can again. Any
// goroutine.
func (b *Bridge) StoreTrouble(err error) {
	b.storeDown.Store(err != nil)
	text := "The server's database works again: what is said is kept."
	if err != nil {
		text = "What is said is not kept at the moment: " + storeWords(err) + ". Chatting goes on."
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	for _, s := range b.sessions {
		b.running.Add(1)
		go func() { // the caller is the store's writer: a session may be waiting for it
			defer b.running.Done()
			s.post(do(func(s *session) { s.news(text) }))
		}()
	}
}
