package text

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
)

// EscapeJSON makes what is not printable an escape, in encoded JSON, whose texts alone can
// hold it: the same value to a program, and no control character or bidirectional override
// to whoever has it shown.
func EscapeJSON(encoded []byte) []byte {
	if !bytes.ContainsFunc(encoded, hidden) {
		return encoded
	}
	var b bytes.Buffer
	for _, r := range string(encoded) {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}

func hidden(r rune) bool { return r != '\n' && !strconv.IsPrint(r) }
