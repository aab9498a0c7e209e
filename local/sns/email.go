package sns

import (
	"bytes"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

const (
	sender         = "no-reply@sns.amazonaws.com"
	defaultName    = "AWS Notifications"
	defaultSubject = "AWS Notification Message"
)

// deliver writes the e-mail to the outbox. Names sort by time and never hold
// anything a caller chose.
func (s *Service) deliver(topic Topic, to string, p Publication) error {
	if s.outbox == "" {
		return nil
	}
	if err := os.MkdirAll(s.outbox, 0o750); err != nil {
		return err
	}
	s.files++
	name := fmt.Sprintf("%s-%06d.eml", p.Time.UTC().Format("20060102T150405Z"), s.files)
	file := filepath.Join(s.outbox, name)
	if err := s.write(file, email(topic, to, p)); err != nil {
		return err
	}
	if s.Mailed != nil {
		s.Mailed(p, file)
	}
	return nil
}

// write writes a file that is whole before a record says that somebody got it.
func (s *Service) write(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304: in the outbox
	if err != nil {
		return err
	}
	// Where it fails, whoever sends it again has it written again.
	return s.mu.Store.Whole(file, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// email is an Internet message. Its header has nothing that could break out of
// a line: addresses are parsed and quoted again, and check lets no line break
// into a subject.
// https://www.rfc-editor.org/rfc/rfc5322
func email(topic Topic, to string, p Publication) []byte {
	name, subject := topic.DisplayName, p.Subject
	if name == "" {
		name = defaultName
	}
	if subject == "" {
		subject = defaultSubject
	}
	region := ""
	if a, err := arn.Parse(topic.ARN); err == nil {
		region = a.Region
	}
	address, err := mail.ParseAddress(to)
	if err != nil {
		address = &mail.Address{} // CreateTopic has refused it
	}
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", (&mail.Address{Name: name, Address: sender}).String()},
		{"To", address.String()},
		{"Subject", subject},
		{"Date", p.Time.UTC().Format(time.RFC1123Z)},
		{"Message-ID", "<" + p.ID + "@" + region + ".sns.amazonaws.com>"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=UTF-8"},
		{"Content-Transfer-Encoding", "8bit"},
	} {
		fmt.Fprintf(&b, "%s: %s\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSuffix(p.Message, "\n"))
	return b.Bytes()
}
