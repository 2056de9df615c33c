package richtext

import "sort"

// Split cuts the text into parts that are each at most max by size, in order. A cut is made
// at a line break in the second half of a part, else at a space; that one character is left
// out. Where there is none, it is made between two characters as a person sees them (see
// clusterLen), or if even one of them is too large between runes. A link is kept whole; one
// that is larger than max is written out, "text <url>". Every part has some text: if not even
// one rune fits, parts of one rune each, without formatting, are larger than max.
//
// size must not get smaller, but for a few bytes, when text is added at the end. It is called
// on pieces of about max, some dozen times for each part: the cost is linear in the text.
func (t Text) Split(max int, size func(Text) int) []Text {
	if len(t) == 0 {
		return nil
	}
	if size(t) <= max {
		return []Text{t}
	}
	s := newSplitter(t.writeOutLinks(max, size), max, size)
	for s.pos < s.end {
		s.part()
	}
	return s.parts
}

// writeOutLinks replaces links larger than max by plain text.
func (t Text) writeOutLinks(max int, size func(Text) int) Text {
	var b builder
	changed := false
	for i := 0; i < len(t); {
		end := i + 1
		if t[i].Style.Link != "" {
			end = t.linkEnd(i)
			if run := t[i:end]; len(t[i].Style.Link) > max || size(run) > max {
				changed = true
				writeOut(&b, run)
				i = end
				continue
			}
		}
		for ; i < end; i++ {
			b.raw(t[i].Style, t[i].Text)
		}
	}
	if !changed {
		return t
	}
	return b.text()
}

func writeOut(b *builder, run Text) {
	url := run[0].Style.Link
	text, shown := shownAs(run.String(), url)
	st := run[0].Style
	st.Link = ""
	if shown && len(run) == 1 {
		b.raw(st, text)
		return
	}
	for _, sp := range run {
		st = sp.Style
		st.Link = ""
		b.raw(st, sp.Text)
	}
	if !shown {
		b.raw(st, " <"+url+">")
	}
}

// splitter goes over a text; positions are in bytes of its String.
type splitter struct {
	text  Text
	flat  string
	start []int // of each span
	max   int
	size  func(Text) int

	pos, end int
	scratch  Text
	cuts     []int // where the part at pos may end
	parts    []Text
}

func newSplitter(t Text, max int, size func(Text) int) *splitter {
	s := &splitter{text: t, flat: t.String(), max: max, size: size, start: make([]int, len(t))}
	for i, sp := range t {
		s.start[i] = s.end
		s.end += len(sp.Text)
	}
	return s
}

// part cuts off the next part.
func (s *splitter) part() {
	n := s.fitting()
	if n == 0 {
		s.squeeze()
		return
	}
	cut := s.cuts[n-1]
	if cut < s.end {
		if at := s.separator(cut); at > 0 {
			s.emit(at)
			s.pos = at + 1
			return
		}
	}
	s.emit(cut)
}

func (s *splitter) emit(to int) {
	s.parts = append(s.parts, s.slice(nil, s.pos, to))
	s.pos = to
}

// fitting finds how many of the possible cuts leave a part that fits. It doubles the piece it
// looks at until that is too large, then halves the difference.
func (s *splitter) fitting() int {
	s.cuts = s.cuts[:0]
	for step := max(s.max, 16); ; step *= 2 {
		from := len(s.cuts)
		s.moreCuts(step)
		if len(s.cuts) == from || !s.fits(s.cuts[len(s.cuts)-1]) {
			rest := s.cuts[from:]
			return from + sort.Search(len(rest), func(i int) bool { return !s.fits(rest[i]) })
		}
	}
}

// moreCuts adds the cuts of about the next n bytes: at least one, if there is any text left.
func (s *splitter) moreCuts(n int) {
	at := s.pos
	if len(s.cuts) > 0 {
		at = s.cuts[len(s.cuts)-1]
	}
	span := s.spanAt(at)
	for to := at + n; at < s.end && (at < to || len(s.cuts) == 0); {
		for span+1 < len(s.start) && s.start[span+1] <= at {
			span++
		}
		if s.text[span].Style.Link != "" && at == s.start[span] {
			span = s.text.linkEnd(span) - 1
			at = s.start[span] + len(s.text[span].Text)
		} else {
			at += clusterLen(s.flat[at:])
			at = s.snap(at)
		}
		s.cuts = append(s.cuts, at)
	}
}

// snap moves a cut that a combining mark has pulled into a link to the end of the link.
func (s *splitter) snap(at int) int {
	if at >= s.end {
		return at
	}
	span := s.spanAt(at)
	if s.text[span].Style.Link == "" || at == s.start[span] && (span == 0 || s.text[span-1].Style.Link != s.text[span].Style.Link) {
		return at
	}
	span = s.text.linkEnd(span) - 1
	return s.start[span] + len(s.text[span].Text)
}

// spanAt is the index of the span that holds the byte at pos.
func (s *splitter) spanAt(pos int) int {
	return sort.Search(len(s.start), func(i int) bool { return s.start[i] > pos }) - 1
}

func (s *splitter) fits(to int) bool {
	s.scratch = s.slice(s.scratch[:0], s.pos, to)
	return s.size(s.scratch) <= s.max
}

// slice is the text from one position to another.
func (s *splitter) slice(dst Text, from, to int) Text {
	for i := s.spanAt(from); i < len(s.text) && s.start[i] < to; i++ {
		sp := s.text[i]
		first, last := max(from-s.start[i], 0), min(to-s.start[i], len(sp.Text))
		if first < last {
			dst = append(dst, Span{sp.Text[first:last], sp.Style})
		}
	}
	return dst
}

// maxBack is how many separators before the last are tried: a space at the end of a part can
// make it larger than a longer part is.
const maxBack = 8

// separator is the best place for a cut at or before to, 0 if there is none.
func (s *splitter) separator(to int) int {
	space, tries := 0, 0
	half := s.pos + (to-s.pos)/2
	for i := to; i > s.pos && tries < maxBack; i-- {
		c := s.flat[i]
		if c != '\n' && (c != ' ' || space > 0) || s.inLink(i) || s.joined(i) {
			continue
		}
		tries++
		if !s.fits(i) {
			continue
		}
		if c == '\n' {
			if i >= half || space == 0 {
				return i
			}
			return space
		}
		space = i
		if i < half {
			return space
		}
	}
	return space
}

func (s *splitter) inLink(i int) bool { return s.text[s.spanAt(i)].Style.Link != "" }

// joined reports whether a combining mark sits on the separator at i.
func (s *splitter) joined(i int) bool { return clusterLen(s.flat[i:]) != 1 }

// squeeze makes a part of the first cluster or link, which is too large.
func (s *splitter) squeeze() {
	to := s.pos
	for i := range s.flat[s.pos:s.cuts[0]] {
		if i > 0 && !s.fits(s.pos+i) {
			break
		}
		to = s.pos + i
	}
	if to > s.pos {
		s.emit(to)
		return
	}
	for i := range s.flat[s.pos:] {
		if i > 0 {
			to = s.pos + i
			break
		}
	}
	if to == s.pos {
		to = s.end
	}
	s.parts = append(s.parts, Text{{Text: s.flat[s.pos:to]}})
	s.pos = to
}
