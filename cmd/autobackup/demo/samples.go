package demo

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

// Item is one thing to upload, with what should become of it.
type Item struct {
	Category string
	Bucket   string // that exists; empty: the category's
	Key      string
	Size     int64 // bytes
	Open     func() (io.ReadSeekCloser, error)
	Plan     s3.Plan
	Expect   Expectation
	Then     Action
}

// Action is what happens to an object after its upload.
type Action string

// Actions.
const (
	Nothing   Action = ""
	Overwrite Action = "overwritten while it is being validated"
	Remove    Action = "deleted"
)

// Expectation is the outcome that the demo must show.
type Expectation struct {
	Outcome verdict.Outcome
	Reason  reason.Code
}

var verified = Expectation{Outcome: verdict.Verified}

func failed(code reason.Code) Expectation {
	return Expectation{Outcome: verdict.Failed, Reason: code}
}

// Samples are the demo's own files: each shows one thing that can happen.
func Samples() []Item {
	const kib, mib = 1 << 10, 1 << 20
	items := []Item{
		{Category: "documents", Key: "welcome.txt", Size: 2 * kib, Expect: verified},
		{Category: "documents", Key: "empty.txt", Size: 0, Expect: verified},
		{Category: "documents", Key: "odd names/ +%2F \"quoted\" 'it' \\ ☃ 🎉\nsecond line.txt", Size: 3 * kib, Expect: verified},
		{Category: "documents", Key: "long/" + strings.Repeat("n", 1015) + ".txt", Size: kib, Expect: verified},
		{Category: "documents", Key: "contract.pdf", Size: 90 * kib, Expect: verified, Then: Overwrite,
			Plan: s3.Plan{Lag: 3 * time.Minute}},
		{Category: "media", Key: "video.mp4", Size: 20 * mib, Expect: verified},
		{Category: "media", Key: "slow.mov", Size: 700 * kib, Expect: verified, Plan: s3.Plan{Lag: 25 * time.Minute}},
		{Category: "media", Key: "photo.jpg", Size: 300 * kib, Expect: failed(reason.ContentMismatch), Plan: s3.Plan{Corrupt: s3.FlipBit}},
		{Category: "databases", Key: "orders.dump", Size: 500 * kib, Expect: failed(reason.ReplicationFailed), Plan: s3.Plan{Fail: true}},
		{Category: "databases", Key: "users.dump", Size: 64 * kib, Expect: verified, Then: Remove},
	}
	for i := range items {
		items[i].Open = content(items[i].Key, items[i].Size)
	}
	return items
}

// invoice is a file in the bucket that exists.
func invoice() Item {
	it := Sample("", "2026/inv-88121.pdf", s3.Plan{}, verified)
	it.Bucket = Existing
	return it
}

// Sample is a small file of its own.
func Sample(category, key string, plan s3.Plan, expect Expectation) Item {
	const size = 2 << 10
	return Item{Category: category, Key: key, Size: size, Open: content(key, size), Plan: plan, Expect: expect}
}

// Second is the item with the other bytes that overwrite it.
func (it Item) Second() Item {
	it.Size /= 2
	it.Open = content("another version of "+it.Key, it.Size)
	return it
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
