package tocd

import (
	"slices"
	"strings"

	"tocbridge/toc"
)

// relation is what the lists of an account say about another name. The zero
// value says nothing: the two have nothing to do with each other, and then not
// even mode 2, "nobody", keeps messages off (as on the live server).
type relation struct {
	stored       uint16 // entries in groups of the stored list
	permit, deny bool   // on the stored lists

	temp                            bool // on a list of this sign-on
	tempBuddy, tempPermit, tempDeny bool
}

func (r *relation) dropTemp() {
	r.temp, r.tempBuddy, r.tempPermit, r.tempDeny = false, false, false, false
}

// relate changes what an account's lists say about a name, and keeps the
// reverse index.
func (s *Server) relate(a *account, key string, change func(*relation)) {
	old := a.rel[key]
	r := old
	change(&r)
	switch r {
	case old:
		return
	case relation{}:
		delete(a.rel, key)
	default:
		a.rel[key] = r
	}
	switch was, is := old != (relation{}), r != (relation{}); {
	case is && !was:
		s.refs[key] = append(s.refs[key], a)
	case was && !is:
		left := slices.DeleteFunc(s.refs[key], func(o *account) bool { return o == a })
		if len(left) == 0 {
			delete(s.refs, key)
		} else {
			s.refs[key] = left
		}
	}
}

// intern gives a key that keeps no longer string alive, as the command it came
// in.
func (s *Server) intern(key string) string {
	if a := s.accounts[key]; a != nil {
		return a.key
	}
	return strings.Clone(key)
}

// view is a relation as far as it counts now.
type view struct{ listed, buddy, permit, deny bool }

// sees gives what a user's lists say about a name. A TOC1 session uses the
// stored list only after toc_init_done.
func (u *user) sees(key string) view {
	r, ok := u.acct.rel[key]
	if !ok {
		return view{}
	}
	v := view{listed: r.temp, buddy: r.tempBuddy, permit: r.tempPermit, deny: r.tempDeny}
	if u.usesList {
		v.listed = v.listed || r.stored > 0 || r.permit || r.deny
		v.buddy = v.buddy || r.stored > 0
		v.permit = v.permit || r.permit
		v.deny = v.deny || r.deny
	}
	return v
}

// blocks reports whether the user's privacy mode keeps somebody off.
func (u *user) blocks(v view) bool {
	mode := u.tempMode
	if u.usesList {
		mode = u.acct.list.mode
	}
	switch mode {
	case toc.DenyAll:
		return true
	case toc.PermitSome:
		return !v.permit
	case toc.DenySome:
		return v.deny
	case toc.PermitBuddies:
		return !v.buddy
	}
	return false
}

// tie is how two users who are signed on stand to each other.
type tie struct{ youBlock, theyBlock, onYours, onTheirs bool }

// tied compares two users; ok is false if neither lists the other.
func tied(you, they *user) (t tie, ok bool) {
	if len(you.acct.rel) == 0 && len(they.acct.rel) == 0 {
		return tie{}, false
	}
	yours, theirs := you.sees(they.acct.key), they.sees(you.acct.key)
	if !yours.listed && !theirs.listed {
		return tie{}, false
	}
	return tie{
		youBlock: you.blocks(yours), theyBlock: they.blocks(theirs),
		onYours: yours.buddy, onTheirs: theirs.buddy,
	}, true
}

// blocked reports whether either keeps the other off.
func blocked(you, they *user) bool {
	t, _ := tied(you, they)
	return t.youBlock || t.theyBlock
}

// useList puts the stored list into use.
func (u *user) useList() { u.usesList, u.tempMode = true, 0 }

// setTempMode is what toc_add_permit and toc_add_deny do first. The mode has
// no effect once the stored list is in use, the names may.
func (s *Server) setTempMode(u *user, mode toc.PDMode) {
	if u.tempMode == mode {
		return
	}
	u.tempMode = mode
	for key, r := range u.acct.rel {
		if !r.temp {
			continue
		}
		s.relate(u.acct, key, func(r *relation) {
			r.tempPermit, r.tempDeny = false, false
			r.temp = r.tempBuddy
		})
	}
}
