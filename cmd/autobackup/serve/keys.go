package serve

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"autobackup/cmd/autobackup/terminal"
)

// stops is what Ctrl-C sends where a terminal hands on each key.
const stops = 3

// keys hands on what is typed until ctx ends: each key of a terminal, and the keys of each
// line of anything else.
func keys(ctx context.Context, in io.Reader, s *screen, press func(key byte)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if in == nil {
		<-ctx.Done()
		return nil
	}
	if terminal.Is(in) {
		fd := int(in.(*os.File).Fd()) //nolint:forcetypeassert // a terminal is a file
		before, err := term.MakeRaw(fd)
		if err != nil {
			return fmt.Errorf("read keys from the terminal: %w (start it with </dev/null to do without)", err)
		}
		s.raw(true)
		defer func() { _ = term.Restore(fd, before); s.raw(false) }() // the program ends
		press = untilStopped(press, stop)
	}
	typed := bufio.NewReader(in) // it may outlive this: nothing tells a terminal to stop
	go func() {
		for {
			key, err := typed.ReadByte()
			if err != nil || ctx.Err() != nil {
				return // who typed has gone, and serve stays
			}
			press(key)
		}
	}()
	<-ctx.Done()
	return nil
}

// untilStopped stops by Ctrl-C, which is a key like others here.
func untilStopped(press func(key byte), stop func()) func(key byte) {
	return func(key byte) {
		if key == stops {
			stop()
			return
		}
		press(key)
	}
}

// raw has each line begin where a terminal is told to, that hands on each key.
func (s *screen) raw(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.out = returning{s.out}
	} else if r, ok := s.out.(returning); ok {
		s.out = r.Writer
	}
}

// returning ends each line with a carriage return, too.
type returning struct{ io.Writer }

func (r returning) Write(p []byte) (int, error) {
	if _, err := r.Writer.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
