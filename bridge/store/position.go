package store

import (
	"math"
	"time"
)

// History is in the order of ids, and only ids have an index. An id as the
// bridge makes it begins with the milliseconds, nine digits of base 32, so a
// bound in time is also a bound in ids, give or take the greatest distance that
// an account has between the two (skew): for a clock that went back, and for
// what was said earlier than it arrived. The times themselves are compared too,
// so the result is exact; the ids only keep the search short.

// noSkew means that an account has ids of another form: there is no bound.
const noSkew = -1

const timeDigits = 9

// timeOf is the milliseconds that an id begins with.
func timeOf(id string) (ms int64, ok bool) {
	if len(id) < timeDigits {
		return 0, false
	}
	for i := range timeDigits {
		c := id[i]
		switch {
		case '0' <= c && c <= '9':
			ms = ms<<5 | int64(c-'0')
		case 'a' <= c && c <= 'v':
			ms = ms<<5 | int64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return ms, true
}

// skewOf is how far an id is from its time.
func skewOf(id string, t time.Time) int64 {
	ms, ok := timeOf(id)
	if !ok {
		return noSkew
	}
	d := ms - t.UnixMilli()
	if d < 0 {
		d = -d
	}
	return d
}

// widerSkew is the skew that covers both.
func widerSkew(a, b int64) int64 {
	if a == noSkew || b == noSkew {
		return noSkew
	}
	return max(a, b)
}

// firstID is not after any id that begins with the time ms or a later one.
func firstID(ms int64) string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	if ms <= 0 {
		return ""
	}
	if ms >= 1<<(5*timeDigits) {
		return lastID
	}
	var b [timeDigits]byte
	for i := timeDigits - 1; i >= 0; i-- {
		b[i], ms = digits[ms&31], ms>>5
	}
	return string(b[:])
}

// lastID is after every id.
const lastID = "\U0010FFFF"

// A span is a part of a history: ids and milliseconds, all exclusive.
type span struct {
	afterID, beforeID     string
	fromID                string // inclusive
	afterTime, beforeTime int64
}

// everything is the span without bounds.
func everything() span {
	return span{afterID: "", beforeID: lastID, afterTime: math.MinInt64, beforeTime: math.MaxInt64}
}

// after narrows the span to what is later than t.
func (p *span) after(t time.Time, skew int64) {
	p.afterTime = max(p.afterTime, t.UnixMilli())
	if skew != noSkew {
		p.afterID = max(p.afterID, firstID(t.UnixMilli()-skew))
	}
}

// before narrows the span to what is earlier than t.
func (p *span) before(t time.Time, skew int64) {
	p.beforeTime = min(p.beforeTime, t.UnixMilli())
	if skew != noSkew {
		p.beforeID = min(p.beforeID, firstID(t.UnixMilli()+skew))
	}
}

// TimeID is an id that sorts where the time t does, among others of its
// millisecond by rest.
func TimeID(t time.Time, rest string) string { return firstID(t.UnixMilli()) + rest }
