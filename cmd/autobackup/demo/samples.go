package demo

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"autobackup/internal/local/s3"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// item is one thing to upload, with what should become of it.
type item struct {
	Category string
	Key      string
	Size     int64
	open     func() (io.ReadSeekCloser, error)
	plan     s3.Plan
	expect   expectation
	then     action
}

// action is what happens to an object after its upload.
type action string

const (
	nothing   action = ""
	overwrite action = "overwritten while it is being validated"
	remove    action = "deleted"
)

// expectation is the outcome that the demo must show.
type expectation struct {
	Outcome verdict.Outcome
	Reason  reason.Code
}

var verified = expectation{Outcome: verdict.Verified}

func failed(code reason.Code) expectation {
	return expectation{Outcome: verdict.Failed, Reason: code}
}

// samples are the demo's own files: each shows one thing that can happen.
func samples() []item {
	const kib, mib = 1 << 10, 1 << 20
	items := []item{
		{Category: "documents", Key: "welcome.txt", Size: 2 * kib, expect: verified},
		{Category: "documents", Key: "empty.txt", Size: 0, expect: verified},
		{Category: "documents", Key: "odd names/ +%2F \"quoted\" 'it' \\ ☃ 🎉\nsecond line.txt", Size: 3 * kib, expect: verified},
		{Category: "documents", Key: "long/" + strings.Repeat("n", 1015) + ".txt", Size: kib, expect: verified},
		{Category: "documents", Key: "contract.pdf", Size: 90 * kib, expect: verified, then: overwrite,
			plan: s3.Plan{Lag: 3 * time.Minute}},
		{Category: "media", Key: "video.mp4", Size: 20 * mib, expect: verified},
		{Category: "media", Key: "slow.mov", Size: 700 * kib, expect: verified, plan: s3.Plan{Lag: 25 * time.Minute}},
		{Category: "media", Key: "photo.jpg", Size: 300 * kib, expect: failed(reason.ContentMismatch), plan: s3.Plan{Corrupt: s3.FlipBit}},
		{Category: "databases", Key: "orders.dump", Size: 500 * kib, expect: failed(reason.ReplicationFailed), plan: s3.Plan{Fail: true}},
		{Category: "databases", Key: "users.dump", Size: 64 * kib, expect: verified, then: remove},
	}
	for i := range items {
		items[i].open = content(items[i].Key, items[i].Size)
	}
	return items
}

// content opens size bytes that look like nothing but are the same every time.
func content(key string, size int64) func() (io.ReadSeekCloser, error) {
	return func() (io.ReadSeekCloser, error) {
		var seed [32]byte
		copy(seed[:], key)
		data := make([]byte, size)
		if _, err := rand.NewChaCha8(seed).Read(data); err != nil {
			return nil, err
		}
		return nopCloser{bytes.NewReader(data)}, nil
	}
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

func file(path string) func() (io.ReadSeekCloser, error) {
	return func() (io.ReadSeekCloser, error) { return os.Open(path) } // #nosec G304: the user's own file
}
