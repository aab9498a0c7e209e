package keep

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"autobackup/internal/evidence"
	"autobackup/internal/text"
)

// Root is what the names of all facts begin with, in the working bucket.
const Root = "facts/"

// Most is how many records are put as one object at most: what Put is given beyond that
// becomes several.
const Most = 5_000

// maxFacts is how long facts are at most, in bytes as they are and compressed.
const maxFacts = 16 << 20

// Put leaves records where Keeper finds them. They are named after what they say but for when
// and by which program it was said: whoever is tried again finds that it was said, and its
// first word stands.
func Put(ctx context.Context, to Store, records []evidence.Record) error {
	for part := range slices.Chunk(records, Most) {
		name, content, err := facts(part)
		if err == nil {
			_, err = to.Make(ctx, name, content)
		}
		if err != nil {
			return fmt.Errorf("leave facts for the evidence: %w", err)
		}
	}
	return nil
}

// facts are records as one object, and its name.
func facts(records []evidence.Record) (name string, content []byte, err error) {
	records = slices.Clone(records)
	lines := make([]string, len(records))
	for i := range records {
		records[i] = writable(records[i])
		timeless := records[i]
		timeless.Time, timeless.Program, timeless.Template = time.Unix(0, 0).UTC(), "-", ""
		line, err := timeless.Line()
		if err != nil {
			return "", nil, fmt.Errorf("record %d of %d: %w", i+1, len(records), err)
		}
		lines[i] = string(line)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	content, err = evidence.Encode(records)
	return Root + hex.EncodeToString(sum[:]) + ".jsonl.gz", content, err
}

// maxWords bounds what people wrote, in bytes.
const maxWords = 2000

// writable is a record as evidence can have it, where a message said what S3 never says, such as no
// id, or a key that is no UTF-8. Nobody who may send messages keeps others out of the evidence.
func writable(r evidence.Record) evidence.Record {
	r.Key, r.Version = strings.ToValidUTF8(r.Key, "?"), strings.ToValidUTF8(r.Version, "?")
	if r.Bucket == "" {
		r.Message = cmp.Or(strings.ToValidUTF8(r.Message, "?"), "none")
	}
	if r.Accepted != nil { // by a file that people write
		a := *r.Accepted
		a.Who, a.Why = text.Shorten(strings.ToValidUTF8(a.Who, "?"), maxWords), text.Shorten(strings.ToValidUTF8(a.Why, "?"), maxWords)
		r.Accepted = &a
	}
	if _, err := r.Line(); err != nil { // such as two of one name: then it is told of all
		r.Replicas = nil
	}
	return r
}

// read reads facts.
func read(content []byte) (records []evidence.Record, err error) {
	for r, err := range evidence.Read(bytes.NewReader(content)) {
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return nil, errors.New("it has no records")
	}
	return records, nil
}
