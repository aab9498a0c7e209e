package attach

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"autobackup/cmd/autobackup/price"
	"autobackup/internal/attach"
	"autobackup/internal/text"
)

// Screen shows what was found out, worst first.
func (r *Report) Screen(w io.Writer) error {
	var page strings.Builder
	for _, b := range r.Buckets {
		fmt.Fprintf(&page, "%s   %s\n", b.heading(), b.State)
		for _, l := range b.Lines {
			if l.Word == "undo" && b.State != attach.Refused {
				b.cost(&page)
			}
			line(&page, l.Word, l.Text)
		}
		page.WriteString("\n")
	}
	return write(w, page.String())
}

func line(page *strings.Builder, word, words string) {
	fmt.Fprintf(page, "  %-8s %s\n", word, printable(words))
}

// printable is a line in which nothing moves what a terminal shows. Statements to add are
// long, and stay whole.
func printable(words string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, words)
}

func (b *Result) heading() string {
	line := where(&b.Facts.Side)
	for i := range b.Facts.Replicas {
		line += map[bool]string{true: " → ", false: ", "}[i == 0] + where(&b.Facts.Replicas[i])
	}
	return line
}

func where(s *attach.Side) string {
	name := s.Bucket
	if !bucketName.MatchString(name) {
		name = text.Quoted(name, 80)
	}
	unknown := func(s string) string {
		if s == "" {
			return "?"
		}
		return text.Line(s, 30)
	}
	account := s.Account
	if s.Gone || !s.Known(attach.Where) { // of a primary it is whose it must be
		account = ""
	}
	return fmt.Sprintf("%s (%s, %s)", name, unknown(account), unknown(s.Region))
}

// keyRequests is what a million looks pay AWS KMS for a side without bucket keys.
const keyRequests = price.KMS

func (b *Result) cost(page *strings.Builder) {
	words := "nothing fixed; each upload as docs/costs.md has it"
	n := 0
	for _, s := range append([]attach.Side{b.Facts.Side}, b.Facts.Replicas...) {
		if strings.HasPrefix(s.Encryption, "aws:kms") && !s.BucketKey {
			n++
		}
	}
	if n > 0 {
		words += fmt.Sprintf(" + %s a million looks (%s without bucket keys)", price.Text(float64(n)*keyRequests), text.Count(n, "side"))
	}
	line(page, "cost", words)
}

// Ending tells what was done.
func (r *Report) Ending(w io.Writer) error {
	var page strings.Builder
	for _, b := range r.Buckets {
		if b.Outcome == "" {
			continue
		}
		word := "done"
		if b.Failed {
			word = "FAIL"
		}
		for i, l := range strings.Split(b.Outcome, "\n") {
			if i > 0 {
				word = ""
			} else {
				l = b.Bucket + ": " + l
			}
			line(&page, word, l)
		}
	}
	r.written(&page)
	fmt.Fprintf(&page, "%s; %s   exit %d\n", r.states(), r.Changes, r.Exit)
	return write(w, page.String())
}

// written tells which files have the stacks' parameters, and what those don't say.
func (r *Report) written(page *strings.Builder) {
	if len(r.Written) == 0 {
		return
	}
	for i, w := range r.Written {
		p, part, how := r.Stacks[i], "", "set"
		if w.Part != "" {
			part = " " + w.Part
		}
		if w.New {
			how = "added"
		}
		line(page, "wrote", fmt.Sprintf("%s%s: %s, for the %s stack of account %s in %s", w.File, part, how, p.Stack, p.Account, p.Region))
		for _, note := range p.Notes {
			line(page, "note", note)
		}
	}
}

// states counts the buckets of each state, as they were found.
func (r *Report) states() string {
	var all []string
	for i, b := range r.Buckets {
		if i > 0 && r.Buckets[i-1].State == b.State {
			continue
		}
		n := 0
		for _, other := range r.Buckets {
			if other.State == b.State {
				n++
			}
		}
		all = append(all, fmt.Sprintf("%s: %d", b.State, n))
	}
	return strings.Join(all, ", ")
}

func write(w io.Writer, page string) error {
	if _, err := io.WriteString(w, page); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
