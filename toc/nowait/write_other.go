//go:build !unix

package nowait

const canTry = false

func write(uintptr, []byte) (int, error) { return 0, ErrUnable }
