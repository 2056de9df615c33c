package bridge

import "tocbridge/ircd"

// glob matches an IRC mask: * is any text, ? any byte, case folded. Linear in time but for the last star.
func glob(mask, text string) bool {
	mask, text = ircd.Fold(mask), ircd.Fold(text)
	m, t, star, back := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case m < len(mask) && mask[m] == '*':
			star, back = m, t
			m++
		case m < len(mask) && (mask[m] == '?' || mask[m] == text[t]):
			m++
			t++
		case star >= 0:
			back++
			m, t = star+1, back
		default:
			return false
		}
	}
	for m < len(mask) && mask[m] == '*' {
		m++
	}
	return m == len(mask)
}
