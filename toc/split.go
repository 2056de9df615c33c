package toc

// Split divides a command over MaxCommand that lists things into several that
// are not: those with Names, and NewBuddies. Any other comes back as it is, as
// does one with a single entry that is too long by itself.
func Split(c Command) []Command {
	if len(c.Append(nil)) <= MaxCommand {
		return []Command{c}
	}
	switch x := c.(type) {
	case NewBuddies:
		return splitBuddies(x)
	case RemoveBuddies:
		return splitNames(x.Names, func(n []ScreenName) Command { return RemoveBuddies{Names: n, Group: x.Group} })
	case AddPermit:
		return splitNames(x.Names, func(n []ScreenName) Command { return AddPermit{n} })
	case RemovePermit:
		return splitNames(x.Names, func(n []ScreenName) Command { return RemovePermit{n} })
	case AddDeny:
		return splitNames(x.Names, func(n []ScreenName) Command { return AddDeny{n} })
	case RemoveDeny:
		return splitNames(x.Names, func(n []ScreenName) Command { return RemoveDeny{n} })
	case AddBuddies:
		return splitNames(x.Names, func(n []ScreenName) Command { return AddBuddies{n} })
	case RemoveBuddiesV1:
		return splitNames(x.Names, func(n []ScreenName) Command { return RemoveBuddiesV1{n} })
	case ChatInviteTo:
		return splitNames(x.Names, func(n []ScreenName) Command { return ChatInviteTo{x.Room, x.Text, n} })
	}
	return []Command{c}
}

// splitNames makes commands of as many names as fit.
func splitNames(names []ScreenName, with func([]ScreenName) Command) (out []Command) {
	empty := len(with(nil).Append(nil))
	var buf []byte
	start, size := 0, empty
	for i, n := range names {
		buf = appendName(buf[:0], n)
		if need := len(" ") + len(buf); i > start && size+need > MaxCommand {
			out = append(out, with(names[start:i]))
			start, size = i, empty+need
		} else {
			size += need
		}
	}
	return append(out, with(names[start:]))
}

// splitBuddies makes commands of as many entries as fit; a group goes on in the
// next under its name.
func splitBuddies(c NewBuddies) (out []Command) {
	empty := len(NewBuddies{}.Append(nil))
	var now NewBuddies
	var buf []byte
	size := empty
	for _, g := range c.Groups {
		buf = listStyle.append(buf[:0], g.Name)
		head := len("g:\n") + len(buf)
		opened := false
		for _, b := range g.Buddies {
			buf = b.appendEntry(buf[:0])
			need := len(buf)
			if !opened {
				need += head
			}
			if size > empty && size+need > MaxCommand {
				out = append(out, now)
				now, size, opened = NewBuddies{}, empty, false
				need = head + len(buf)
			}
			if !opened {
				now.Groups = append(now.Groups, Group{Name: g.Name})
				opened = true
			}
			last := &now.Groups[len(now.Groups)-1]
			last.Buddies = append(last.Buddies, b)
			size += need
		}
	}
	return append(out, now)
}
