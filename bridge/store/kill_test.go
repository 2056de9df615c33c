package store

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killRounds is how often a process is killed.
const (
	killRounds  = 40
	killThreads = 3
)

// beVictim floods the store in dir and says, a line for every Append that has
// returned, what has to be there from then on. It is killed in the middle. What
// it says goes to a pipe: that it is said is proof that Append had returned.
func beVictim(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(dir, "tocbridge.db"), Options{QueueBytes: 64 << 10, MaxEntries: 1 << 30})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	if os.Getenv("TOCBRIDGE_STORE_TROUBLE") != "" {
		if _, err := s.writing.Exec(`PRAGMA query_only=1`); err != nil { // as on a disk that cannot be written
			panic(err)
		}
	}
	fmt.Println("open")
	seed, err := strconv.ParseUint(os.Getenv("TOCBRIDGE_STORE_SEED"), 10, 64)
	if err != nil {
		panic(err)
	}
	for thread := range killThreads {
		go victimThread(ctx, s, thread, rand.New(rand.NewPCG(seed, uint64(thread))))
	}
	select {}
}

func victimThread(ctx context.Context, s *Store, thread int, r *rand.Rand) {
	a, err := s.Account(ctx, fmt.Sprint("user", thread))
	if err != nil {
		panic(err)
	}
	n := 0
	if text, ok := a.Get("test", "next"); ok {
		if n, err = strconv.Atoi(text); err != nil {
			panic(err)
		}
	}
	for {
		var batch []Entry
		for range 1 + r.IntN(4) {
			batch = append(batch, victimEntry(thread, n))
			n++
		}
		a.Append(batch...)
		a.Put("test", "next", strconv.Itoa(n))
		a.Put("test", fmt.Sprint("old", n%7), "x")
		a.Delete("test", fmt.Sprint("old", (n+3)%7))
		if _, err := os.Stdout.WriteString(fmt.Sprintln("saved", thread, n)); err != nil {
			return
		}
	}
}

func victimEntry(thread, n int) Entry {
	e := benchEntry(n)
	e.Text = strings.Repeat(fmt.Sprint("thread ", thread, " message ", n, " "), 1+n%9)
	return e
}

// What Append and Put returned for is there after kill -9, once, and in order,
// as often as that happens, also in the middle of making up for the last time.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := killRounds
	if testing.Short() || raceEnabled {
		rounds = 10
	}
	const seed = 20261122
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	var saved [killThreads]int
	for round := range rounds {
		trouble := r.IntN(4) == 0 // all that it says is in the journal then, and nothing in the database
		runVictim(t, dir, seed+uint64(round), trouble, 1+r.IntN(400), time.Duration(r.IntN(3000))*time.Microsecond, &saved)
		if round%10 == 9 || round == rounds-1 {
			checkVictim(t, dir, &saved)
		}
	}
	t.Log("saved", saved)
}

// runVictim lets the process say so many lines, waits a little, and kills it.
// saved becomes what was said.
func runVictim(t *testing.T, dir string, seed uint64, trouble bool, lines int, wait time.Duration, saved *[killThreads]int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+dir, "TOCBRIDGE_STORE_SEED="+strconv.FormatUint(seed, 10))
	if trouble {
		cmd.Env = append(cmd.Env, "TOCBRIDGE_STORE_TROUBLE=yes")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	for n := 0; ; n++ {
		if n == lines {
			<-time.After(wait) // where in its work it is hit is to vary
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := in.ReadString('\n')
		if err == io.EOF {
			break // half a line says nothing
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "error") {
			t.Fatal(line)
		}
		var thread, next int
		if _, err := fmt.Sscanf(line, "saved %d %d", &thread, &next); err == nil {
			saved[thread] = next
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}
}

// checkVictim looks at everything in the store.
func checkVictim(t *testing.T, dir string, saved *[killThreads]int) {
	t.Helper()
	path := filepath.Join(dir, "tocbridge.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for thread, least := range saved {
		a := account(t, s, fmt.Sprint("user", thread))
		got, left, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
		if err != nil || left != 0 || len(got) < least {
			t.Fatalf("%d of %d saved messages are there, %v", len(got), least, err)
		}
		for n, e := range got {
			if want := victimEntry(thread, n); e.ID != want.ID || e.Text != want.Text || e.Target != want.Target || !e.Time.Equal(want.Time) {
				t.Fatalf("message %d is %+v", n, e)
			}
		}
		if a.Latest() != got[len(got)-1].ID {
			t.Errorf("the latest is %q", a.Latest())
		}
		next, _ := a.Get("test", "next")
		if n, err := strconv.Atoi(next); err != nil || n < least || n > len(got) {
			t.Errorf("the state says %q of %d, at least %d (%v)", next, len(got), least, err)
		}
		if found, err := a.Search(t.Context(), Query{Words: "message 17", Limit: 5}); err != nil || len(found) != 1 {
			t.Errorf("found %d, %v", len(found), err)
		}
	}
	integrity(t, s.writing)
}

// integrity checks the file, and that the index has the words of all messages.
func integrity(t *testing.T, db *sql.DB) {
	t.Helper()
	var verdict string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s, %v", verdict, err)
	}
	if _, err := db.Exec(`INSERT INTO words(words) VALUES ('integrity-check')`); err != nil {
		t.Errorf("the words: %v", err)
	}
	var wrong int
	const counts = `SELECT count(*) FROM accounts a WHERE entries <> (SELECT count(*) FROM conversations c JOIN messages m ON m.conv = c.id WHERE c.account = a.id)`
	if err := db.QueryRow(counts).Scan(&wrong); err != nil || wrong != 0 {
		t.Errorf("%d accounts count wrong, %v", wrong, err)
	}
}
