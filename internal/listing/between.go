package listing

import (
	"strings"
	"unicode/utf8"
)

// maxKey is how long a key can be, in bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKey = 1024

// What code points have between them that are no characters, and where ASCII ends.
const (
	surrogates    = 0xd800
	surrogatesEnd = 0xe000
	asciiEnd      = 0x7f
)

// Between is a string about in the middle of lo and hi, in the order of bytes, that can
// be a key: valid UTF-8 without NUL, 1,024 bytes at most. An empty hi is unbounded.
// Where the room reaches beyond ASCII it is ASCII's end, because most keys are ASCII,
// and whether there is anything behind it is asked first. It is false where no such
// string is found.
func Between(lo, hi string) (string, bool) {
	if hi != "" && lo >= hi {
		return "", false
	}
	shared := 0
	for shared < len(lo) && shared < len(hi) {
		l, n := utf8.DecodeRuneInString(lo[shared:])
		if h, _ := utf8.DecodeRuneInString(hi[shared:]); l != h {
			break
		}
		shared += n
	}
	m, ok := between(lo[:shared], lo[shared:], hi[min(shared, len(hi)):])
	if !ok || !utf8.ValidString(m) || strings.Contains(m, "\x00") {
		return "", false
	}
	return m, true
}

// between puts a string between lo and hi, which begin with different characters, behind shared.
func between(shared, lo, hi string) (string, bool) {
	l, n := first(lo, 0)
	h, m := first(hi, utf8.MaxRune+1)
	for _, c := range []rune{endOfASCII(l, h), middle(l, h), middle(l, min(h, asciiEnd+1))} {
		if l < c && c < h && len(shared)+utf8.RuneLen(c) <= maxKey {
			return shared + string(c), true
		}
	}
	if lo != "" && len(shared)+n < maxKey { // behind lo's character is room for what is behind lo's rest
		if between, ok := between(shared+lo[:n], lo[n:], ""); ok {
			return between, true
		}
	}
	return shared + hi[:m], m < len(hi) && len(shared)+m <= maxKey
}

// first is the first character and its length.
func first(s string, empty rune) (rune, int) {
	if s == "" {
		return empty, 0
	}
	return utf8.DecodeRuneInString(s)
}

func endOfASCII(lo, hi rune) rune {
	if lo < asciiEnd && asciiEnd < hi {
		return asciiEnd
	}
	return 0
}

// middle halves what is between two code points, not counting what is no character.
func middle(lo, hi rune) rune {
	const gap = surrogatesEnd - surrogates
	if lo >= surrogatesEnd {
		lo -= gap
	}
	if hi >= surrogatesEnd {
		hi -= gap
	}
	if m := lo + (hi-lo)/2; m < surrogates {
		return m
	} else {
		return m + gap
	}
}
