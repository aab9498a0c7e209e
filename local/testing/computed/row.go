package computed

import (
	"encoding/base64"
	"encoding/binary"
	"time"
)

// mix is a bijection whose values look random: SplitMix64.
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// What random numbers of a row are for.
const (
	ofSum uint64 = iota
	ofETag
	ofETagToo
	ofSize
	ofVersion
	ofVersionToo
	purposes
)

// random is a number that follows from the row and what it is for.
func random(row int64, purpose uint64) uint64 {
	return mix(uint64(row)*purposes + purpose)
}

func (l layout) marker(row int64) bool {
	within := row
	switch {
	case row >= l.largeFrom+l.large:
		within -= l.large
	case row >= l.largeFrom:
		within -= l.largeFrom
	}
	return within%markerEvery == markerAt
}

// modified falls, or stays, along the rows of a key.
func (l layout) modified(row int64) time.Time {
	key := l.key(row)
	if key == l.largeKey {
		ago := (l.large-1)/burst - (row-l.largeFrom)/burst
		return began.Add(time.Duration(ago) * time.Second)
	}
	older := l.first(key+1) - 1 - row // versions of the key
	if key > l.largeKey {
		key--
	}
	ofDay := time.Duration(key%l.perDay) * (24 * time.Hour / time.Duration(l.perDay))
	return l.day(key).Add(ofDay.Truncate(time.Millisecond) + time.Duration(older)*time.Hour)
}

// content is what a side holds of a row that is no delete marker.
type content struct {
	size      int64
	sum       uint64 // CRC64NVME
	etag      [2]uint64
	encrypted string
}

// sse is the default encryption of both buckets.
const sse = "AES256"

func (l layout) content(side Side, row int64) content {
	c := content{l.size(row), random(row, ofSum), [2]uint64{random(row, ofETag), random(row, ofETagToo)}, sse}
	if side == PrimarySide {
		return c
	}
	switch l.kind(row) {
	case Damaged:
		c.sum, c.etag[0] = ^c.sum, ^c.etag[0]
	case Resized:
		c.sum, c.etag[0], c.size = ^c.sum, ^c.etag[0], c.size-1
	case OtherETag:
		c.etag[0], c.encrypted = ^c.etag[0], "aws:kms"
	}
	return c
}

// size is between a kilobyte and 9 MB.
func (l layout) size(row int64) int64 {
	return 1000 + int64(random(row, ofSize)%9_000_000)
}

func (c content) appendETag(b []byte) []byte {
	const digits = "0123456789abcdef"
	for _, half := range c.etag {
		for shift := 60; shift >= 0; shift -= 4 {
			b = append(b, digits[half>>shift&15])
		}
	}
	return b
}

func (c content) checksum() string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, c.sum))
}
