package requeue

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ledger remembers which messages of which executions were put back, in a file
// with one line of JSON each, which is only ever added to.
type ledger struct {
	path  string
	known map[entry]bool
	file  *os.File
}

// entry is one message put back.
type entry struct {
	Execution string `json:"execution"`
	Message   string `json:"message"`
}

// line is an entry and when it was made.
type line struct {
	entry
	At time.Time `json:"at"`
}

// DefaultLedger is the ledger's place where none is named, or empty where the
// system has no folder for it. ARNs carry account, region and stage, so one file
// does for all.
func DefaultLedger() string {
	folder, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "autobackup", "requeued.jsonl")
}

// readLedger reads what was put back; a file that is not there is empty. A last
// line cut off by a crash is no entry: its message is rather put back again.
func readLedger(path string) (*ledger, error) {
	l := &ledger{path: path, known: map[entry]bool{}}
	file, err := os.Open(path) // #nosec G304: the user's own file
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w (name another file with --ledger)", err)
	}
	defer file.Close() //nolint:errcheck // only read
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var made line
		if json.Unmarshal(lines.Bytes(), &made) == nil {
			l.known[made.entry] = true
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the ledger %s: %w (name another file with --ledger)", path, err)
	}
	return l, nil
}

func (l *ledger) has(execution string, m message) bool {
	return l.known[entry{execution, m.ID}]
}

// open makes sure, before anything is sent, that the ledger can be written.
func (l *ledger) open() (err error) {
	if err = os.MkdirAll(filepath.Dir(l.path), 0o750); err == nil {
		l.file, err = os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // #nosec G304: the user's own file
	}
	if err != nil {
		return fmt.Errorf("open the ledger: %w (nothing was put back; name another file with --ledger)", err)
	}
	return nil
}

// note adds messages that were put back. It begins on a line of its own, also
// where a crash has cut off the last one.
func (l *ledger) note(execution string, sent []message, at time.Time) error {
	page := bytes.NewBufferString("\n")
	var err error
	for _, m := range sent {
		l.known[entry{execution, m.ID}] = true
		err = errors.Join(err, json.NewEncoder(page).Encode(line{entry{execution, m.ID}, at.UTC().Truncate(time.Second)}))
	}
	if err == nil {
		_, err = l.file.Write(page.Bytes())
	}
	if err != nil {
		return fmt.Errorf("note what was put back: %w (the next run puts %s of %s back again, which harms nothing)", err, count(len(sent), "message"), execution)
	}
	return nil
}

func (l *ledger) close() {
	_ = l.file.Close() // every line has been written; none is buffered
}
