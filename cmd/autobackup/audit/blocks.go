package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// eachBlock hands out the blocks of a file. What comes after the last whole line was
// cut off and counts for nothing; end is where that is, in bytes.
func eachBlock(file string, yield func(block) error) (end int64, err error) {
	f, err := os.Open(file) // #nosec G304: a file of the audit's own folder
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // read only
	for in := bufio.NewReaderSize(f, 1<<16); ; {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		var b block
		if err = errors.Join(err, json.Unmarshal(text, &b)); err == nil {
			err = yield(b)
		}
		if err != nil {
			return end, fmt.Errorf("read %s: %w", file, err)
		}
		end += int64(len(text))
	}
}

// openBlocks opens a file behind its last block; rows is how many its blocks have.
func openBlocks(file string) (out *os.File, rows int64, err error) {
	end, err := eachBlock(file, func(b block) error {
		rows += b.Rows
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	out, err = os.OpenFile(file, os.O_CREATE|os.O_WRONLY, filePerm) // #nosec G304: as above
	if err != nil {
		return nil, 0, err
	}
	if err = out.Truncate(end); err == nil {
		_, err = out.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(err, out.Close())
	}
	return out, rows, nil
}
