package s3

import (
	"maps"
	"slices"
)

// message is what is told of something that happened: to the event bus of a region, or to the
// target of a bucket's notifications.
type message struct {
	Region         string `json:",omitempty"`
	Bucket, Target string `json:",omitempty"`
	Body           []byte
}

// outgoing notes what is to be told. The server is locked; the message is sent by calling the
// result when it no longer is. One that was not sent when the program was killed is sent by
// the next: an upload of which nobody hears would never be validated.
func (s *Server) outgoing(m message) (send func()) {
	if s.mu.Store == nil {
		return func() { s.hand(m) }
	}
	s.last++
	s.telling[s.last] = m
	s.keepMessage(s.last)
	return s.sending(s.last)
}

// sending sends what is to be told, and notes that it was.
func (s *Server) sending(number uint64) (send func()) {
	m := s.telling[number]
	return func() {
		s.hand(m)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.telling, number)
		s.keepMessage(number)
	}
}

// hand sends a message. S3 drops what the target of a notification does not take after its own
// retries.
func (s *Server) hand(m message) {
	switch {
	case m.Target == "":
		s.OnEvent(m.Region, m.Body)
	case s.OnNotification != nil:
		_ = s.OnNotification(m.Bucket, m.Target, m.Body)
	}
}

// Resume sends what was not sent yet, and goes on with replications.
func (s *Server) Resume() {
	s.mu.Lock()
	var owed []func()
	for _, number := range slices.Sorted(maps.Keys(s.telling)) {
		owed = append(owed, s.sending(number))
	}
	for _, r := range s.jobs {
		owed = append(owed, func() { s.goOn(r) })
	}
	s.mu.Unlock()
	for _, f := range owed {
		f()
	}
}
