package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Ask puts a question that is answered with y or yes; everything else is a no.
// The end of ctx ends the wait for the answer. An error ends with the hint in
// brackets, which says how not to be asked.
func Ask(ctx context.Context, in io.Reader, prompt io.Writer, question, hint string) (bool, error) {
	answer, err := Choose(ctx, in, prompt, question+" [y/N]", hint)
	return answer == "y" || answer == "yes", err
}

// Choose puts a question that is answered with a word, in small letters.
func Choose(ctx context.Context, in io.Reader, prompt io.Writer, question, hint string) (string, error) {
	if _, err := fmt.Fprintf(prompt, "%s ", question); err != nil {
		return "", fmt.Errorf("ask: %w (%s)", err, hint)
	}
	type answer struct {
		text string
		err  error
	}
	given := make(chan answer, 1) // the reader may outlive the question: a terminal can't be told to stop
	go func() {
		text, err := bufio.NewReader(in).ReadString('\n')
		given <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-given:
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w (%s)", a.err, hint)
		}
		return strings.ToLower(strings.TrimSpace(a.text)), nil
	}
}
