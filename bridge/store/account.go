package store

import (
	"context"
	"database/sql"
	"maps"
	"runtime"
	"slices"
	"sync"
	"weak"
)

// An Account is the history and the state of one account. Append, Put, Delete
// and Wipe are for one goroutine at a time; the rest for any.
type Account struct {
	s   *Store
	key string

	mu     sync.Mutex // guards what follows
	state  map[stateKey]string
	latest string
	skew   int64
}

type stateKey struct{ kind, name string }

// register makes a weak reference to a that goes from the store's table with it.
// The store's mu is held.
func (a *Account) register() weak.Pointer[Account] {
	p := weak.Make(a)
	s := a.s
	runtime.AddCleanup(a, func(key string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.handles[key] == p {
			delete(s.handles, key)
		}
	}, a.key)
	return p
}

// load reads an account. What is queued for it is written first.
func (s *Store) load(ctx context.Context, key string) (*Account, error) {
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	a := &Account{s: s, key: key}
	_, err := collect(ctx, s, `SELECT a.last_id, a.skew, s.kind, s.name, s.value
		FROM accounts a LEFT JOIN state s ON s.account = a.id WHERE a.name = ?`, []any{key}, a.scanState)
	return a, err
}

// scanState takes one row of load.
func (a *Account) scanState(rows *sql.Rows) (none struct{}, err error) {
	var kind, name, value *string
	if err := rows.Scan(&a.latest, &a.skew, &kind, &name, &value); err != nil {
		return none, err
	}
	if kind != nil {
		a.set(*kind, *name, *value)
	}
	return none, nil
}

func (a *Account) set(kind, name, value string) {
	if a.state == nil {
		a.state = map[stateKey]string{}
	}
	a.state[stateKey{kind, name}] = value
}

// Key is the key the account was asked for by.
func (a *Account) Key() string { return a.key }

// State is all of the account's state, kind to name to value; a copy.
func (a *Account) State() map[string]map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]map[string]string{}
	for k, value := range a.state {
		if all[k.kind] == nil {
			all[k.kind] = map[string]string{}
		}
		all[k.kind][k.name] = value
	}
	return all
}

// Get is one value of the state.
func (a *Account) Get(kind, name string) (value string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	value, ok = a.state[stateKey{kind, name}]
	return value, ok
}

// Names are the names of a kind, sorted.
func (a *Account) Names(kind string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for k := range maps.Keys(a.state) {
		if k.kind == kind {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return names
}

// Put sets one value of the state, safe from the end of the process when it
// returns, as with Append.
func (a *Account) Put(kind, name, value string) {
	a.mu.Lock()
	old, had := a.state[stateKey{kind, name}]
	if had && old == value {
		a.mu.Unlock()
		return
	}
	a.set(kind, name, value)
	a.mu.Unlock()
	a.s.enqueue("", op{what: opPut, key: a.key, kind: kind, name: name, value: value})
}

// Delete removes one value of the state.
func (a *Account) Delete(kind, name string) {
	a.mu.Lock()
	_, had := a.state[stateKey{kind, name}]
	delete(a.state, stateKey{kind, name})
	a.mu.Unlock()
	if had {
		a.s.enqueue("", op{what: opDelete, key: a.key, kind: kind, name: name})
	}
}

// Wipe forgets the account: its history and its state.
func (a *Account) Wipe() {
	a.mu.Lock()
	a.state, a.latest, a.skew = nil, "", 0
	a.mu.Unlock()
	a.s.enqueue("", op{what: opWipe, key: a.key})
}

// Append adds entries to the history. When it returns they are safe from the end
// of the process, and everything that reads sees them. An entry whose ID is
// already in its conversation changes nothing. It waits only while more than
// Options.QueueBytes are on the way to a disk that works.
func (a *Account) Append(entries ...Entry) {
	var few [4]op
	ops := few[:0]
	newest := ""
	a.mu.Lock()
	for i := range entries {
		e := &entries[i]
		newest = max(newest, e.ID)
		a.skew = widerSkew(a.skew, skewOf(e.ID, e.Time))
		ops = append(ops, op{what: opEntry, key: a.key, entry: *e})
	}
	a.latest = max(a.latest, newest)
	a.mu.Unlock()
	a.s.enqueue(newest, ops...)
}

// Latest is the id of the newest entry ever appended, "" if there was none.
func (a *Account) Latest() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.latest
}
