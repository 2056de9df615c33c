package tocd

import (
	"slices"
	"strings"

	"tocbridge/toc"
)

const (
	privateExchange = 4    // anybody may create rooms
	publicExchange  = 5    // only Options.PublicRooms
	maxRoomCookie   = 206  // bytes for `4-0-`, the room's name and the visitor's
	ghostQueue      = 1000 // what the live server queues for a member that is gone
)

// roomKey finds a room: ASCII case does not count, anything else does.
type roomKey struct {
	exchange int
	name     string
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// room stays for ever, spelt as its first visitor spelt it. Guarded by
// Server.mu, as is member.
type room struct {
	exchange int
	name     string
	members  []*member
}

// member is a user in a room: a user is in a room once, with one session.
type member struct {
	room    *room
	user    *user
	sess    *session
	id      int            // the room's id in sess
	name    toc.ScreenName // as it was when joining
	rate    *limiter       // nil: no limits
	gone    bool           // not in the room any more, whatever its client thinks
	unheard int            // messages for a session that ended while its siblings went on
}

// seat is a chat id of a connection. Invitations give ids too; one has left
// or not yet come where member is nil.
type seat struct {
	room   *room
	member *member
}

// openRoom finds or creates a room.
func (s *Server) openRoom(exchange int, name string) *room {
	key := roomKey{exchange, lowerASCII(name)}
	r := s.rooms[key]
	if r == nil {
		r = &room{exchange: exchange, name: strings.Clone(name)}
		s.rooms[key] = r
	}
	return r
}

// seatOf gives the id of a room on this connection; the same room keeps its id.
func (s *session) seatOf(r *room) int {
	for id, st := range s.seats {
		if st.room == r {
			return id
		}
	}
	s.seats = append(s.seats, seat{room: r})
	return len(s.seats) - 1
}

// seat finds an id.
func (s *session) seat(id int) (*seat, error) {
	if id < 0 || id >= len(s.seats) {
		return nil, errProcessing
	}
	return &s.seats[id], nil
}

// place finds the membership behind an id.
func (s *session) place(id int) (*member, error) {
	st, err := s.seat(id)
	if err != nil || st.member == nil {
		return nil, errProcessing
	}
	return st.member, nil
}

// chargeJoin counts a join three times, as the three requests that it takes
// behind the scenes.
func (s *session) chargeJoin(times int) error {
	for range times {
		if err := s.srv.charge(s.user, joinClass); err != nil {
			return err
		}
	}
	return nil
}

func chatJoin(s *session, c toc.ChatJoin) error {
	if err := s.chargeJoin(1); err != nil {
		return err
	}
	key := roomKey{c.Exchange, lowerASCII(c.Name)}
	switch _, known := s.srv.rooms[key]; {
	case c.Exchange != privateExchange && c.Exchange != publicExchange,
		c.Exchange == publicExchange && !known,
		!s.fits(c.Name):
		return errProcessing
	}
	if err := s.chargeJoin(2); err != nil {
		return err
	}
	s.enterRoom(s.srv.openRoom(c.Exchange, c.Name), c.Name)
	return nil
}

// fits reports whether the live server can put room and visitor into a cookie,
// which nobody sees.
func (s *session) fits(room string) bool {
	return len("4-0-")+len(room)+len(s.user.acct.name) <= maxRoomCookie
}

// chatAccept joins by an id; the room's name is then told as it really is.
func chatAccept(s *session, c toc.ChatAccept) error {
	st, err := s.seat(c.Room)
	if err != nil {
		return err
	}
	if err := s.chargeJoin(3); err != nil {
		return err
	}
	if !s.fits(st.room.name) {
		return errProcessing
	}
	s.enterRoom(st.room, st.room.name)
	return nil
}

// enterRoom puts the session into a room. If the user is there already, with
// whatever session, it leaves first.
func (s *session) enterRoom(r *room, name string) {
	for _, m := range r.members {
		if m.user == s.user {
			s.srv.leaveRoom(m, false)
			break
		}
	}
	id := s.seatOf(r)
	m := &member{room: r, user: s.user, sess: s, id: id, name: s.user.acct.name}
	if s.user.rates != nil {
		l := newLimiter(roomClass, s.srv.now())
		m.rate = &l
	}
	r.members = append(r.members, m)
	s.user.members = append(s.user.members, m)
	s.seats[id].member = m

	s.send(toc.ChatJoined{Room: id, Name: name})
	all := make([]toc.ScreenName, len(r.members))
	for i, o := range r.members {
		all[i] = o.name
	}
	m.hear(toc.ChatMembers{Room: id, Here: true, Names: all})
	r.others(m, func(o *member) { o.hear(toc.ChatMembers{Room: o.id, Here: true, Names: all[len(all)-1:]}) })
}

// leaveRoom takes a member out of its room and tells the others.
func (s *Server) leaveRoom(m *member, quiet bool) {
	if m.gone {
		return
	}
	m.gone = true
	m.room.members = slices.DeleteFunc(m.room.members, func(o *member) bool { return o == m })
	m.user.members = slices.DeleteFunc(m.user.members, func(o *member) bool { return o == m })
	if !quiet {
		m.room.others(m, func(o *member) {
			o.hear(toc.ChatMembers{Room: o.id, Here: false, Names: []toc.ScreenName{m.name}})
		})
	}
}

// others calls f for everybody in the room but m's user. Members may leave
// meanwhile.
func (r *room) others(m *member, f func(*member)) {
	for _, o := range slices.Clone(r.members) {
		if o.user != m.user {
			f(o)
		}
	}
}

// hear sends something to a member. A session that ended while its siblings
// went on stays in the room until the server's queue for it is full.
func (m *member) hear(e toc.Event) {
	switch {
	case m.gone:
	case !m.sess.closed:
		m.sess.send(e)
	default:
		if m.unheard++; m.unheard > ghostQueue {
			m.user.leave(m)
		}
	}
}

func (u *user) leave(m *member) { m.sess.srv.leaveRoom(m, false) }

// hearText is hear for the text of a room.
func (m *member) hearText(from toc.ScreenName, text string) {
	if m.gone || m.sess.closed {
		m.hear(nil)
		return
	}
	m.say(from, text)
}

// say sends the text to the member's session. Whispers look like it, too.
func (m *member) say(from toc.ScreenName, text string) {
	in := toc.ChatIn{Room: m.id, From: from, Text: text}
	if m.sess.form == toc.Login2 {
		in.Enc, in.Encoding, in.Language = true, "A", "en"
	}
	if b, ok := m.sess.conn.open(toc.FrameData); ok {
		m.sess.conn.seal(in.Append(b))
		m.sess.srv.touch(m.sess.conn)
	}
}

// chargeText counts chat text, for each room by itself. Who overdoes it is
// dropped from the room without being told, and is not counted any more: its
// text still goes out, and it hears only itself.
func (s *session) chargeText(m *member) error {
	if m.rate == nil || m.gone {
		return nil
	}
	switch m.rate.attempt(s.srv.now()) {
	case refuse:
		return errLimited
	case disconnect:
		s.srv.leaveRoom(m, false)
	}
	return nil
}

func chatSend(s *session, c toc.ChatSend) error {
	m, err := s.place(c.Room)
	if err != nil {
		return err
	}
	if err := s.chargeText(m); err != nil {
		return err
	}
	from, text := s.srv.roll(m.name, c.Text)
	for _, o := range m.room.members {
		if o.user != m.user && !o.sess.closed {
			o.say(from, text)
		}
	}
	m.room.haunt(m)
	m.say(from, text)
	return nil
}

// haunt counts a text for the members whose session is gone.
func (r *room) haunt(from *member) {
	if slices.ContainsFunc(r.members, func(o *member) bool { return o.sess.closed }) {
		r.others(from, func(o *member) {
			if o.sess.closed {
				o.hear(nil)
			}
		})
	}
}

// chatWhisper tells one member. Nobody says if there is no such member.
func chatWhisper(s *session, c toc.ChatWhisper) error {
	m, err := s.place(c.Room)
	if err != nil {
		return err
	}
	if err := s.chargeText(m); err != nil {
		return err
	}
	from, text := s.srv.roll(m.name, c.Text)
	for _, o := range m.room.members {
		if o.user.acct.key == c.To.Key() {
			o.hearText(from, text)
			break
		}
	}
	return nil
}

// chatInvite sends invitations, each counted and routed as an IM. The name in
// it ends at the first hyphen. One need not be in the room.
func chatInvite(s *session, c toc.ChatInviteTo) error {
	st, err := s.seat(c.Room)
	if err != nil {
		return err
	}
	r := st.room
	name, _, _ := strings.Cut(r.name, "-")
	for _, guest := range c.Names {
		if err := s.srv.charge(s.user, imClass); err != nil {
			return err
		}
		they := s.route(guest)
		if they == nil {
			continue
		}
		all := they.inactive()
		for _, g := range they.sessions {
			if g.gets(all) {
				g.send(toc.ChatInvite{Name: name, Room: g.seatOf(r), From: s.user.acct.name, Text: c.Text})
			}
		}
		s.srv.talked(s.user.acct, they.acct)
	}
	return nil
}

func chatLeave(s *session, c toc.ChatLeave) error {
	m, err := s.place(c.Room)
	if err != nil {
		return err
	}
	s.srv.leaveRoom(m, false)
	s.seats[c.Room].member = nil
	s.send(toc.ChatLeft{Room: c.Room})
	return nil
}
