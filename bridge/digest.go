package bridge

import "tocbridge/bridge/store"

// missed counts what came while nobody was there.
type missed struct{}

// count counts a kept line.
func (m *missed) count(*session, store.Entry) {}

// digest tells a client that came back what came meanwhile.
func (s *session) digest(*client) {}
