package sqs

import (
	"container/heap"
	"crypto/md5" // #nosec G501 -- the protocol's checksum, not a signature
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Attribute is a message attribute. DataType is String, Number or Binary, with
// an optional label after a dot; Value holds the text or the bytes.
type Attribute struct {
	DataType string
	Value    string
}

// Binary tells whether the value travels as bytes instead of text.
func (a Attribute) Binary() bool { return strings.HasPrefix(a.DataType, "Binary") }

// Message is a message in a queue, as a receive or a snapshot shows it.
type Message struct {
	ID            string
	Body          string
	Attributes    map[string]Attribute
	Receipt       string // handle of the last receive
	Sent          time.Time
	FirstReceived time.Time // zero before the first receive
	ReceiveCount  int       // kept when SQS moves the message to a dead-letter queue
	SourceARN     string    // of the queue from which SQS moved it to this dead-letter queue
	SenderID      string
	VisibleAt     time.Time // when it can be received
}

// SystemAttributes are the message's system attributes by their names in SQS;
// times are milliseconds since 1970.
func (m Message) SystemAttributes() map[string]string {
	all := map[string]string{
		"SenderId":                m.SenderID,
		"SentTimestamp":           strconv.FormatInt(m.Sent.UnixMilli(), 10),
		"ApproximateReceiveCount": strconv.Itoa(m.ReceiveCount),
	}
	if m.ReceiveCount > 0 {
		all["ApproximateFirstReceiveTimestamp"] = strconv.FormatInt(m.FirstReceived.UnixMilli(), 10)
	}
	if m.SourceARN != "" {
		all["DeadLetterQueueSourceArn"] = m.SourceARN
	}
	return all
}

// MD5OfBody is the hex MD5 of the body, which the SDKs check.
func (m Message) MD5OfBody() string { return md5Hex([]byte(m.Body)) }

// MD5OfAttributes is the hex MD5 of message attributes, "" where there are none.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
func MD5OfAttributes(attributes map[string]Attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	add := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) } // #nosec G115 -- at most 1 MiB
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		transport := byte(1)
		if a.Binary() {
			transport = 2
		}
		add(name)
		add(a.DataType)
		b = append(b, transport)
		add(a.Value)
	}
	return md5Hex(b)
}

func md5Hex(b []byte) string {
	sum := md5.Sum(b) // #nosec G401 -- the protocol's checksum
	return hex.EncodeToString(sum[:])
}

// queue is a queue with its messages. Service.mu guards it.
type queue struct {
	Queue
	created, purged time.Time
	policy          string   // as JSON; empty where there is none
	waiting         messages // every message, the next visible one first
	byID            map[string]*message
	arrivals        int
	watchers        []*watcher
	timer           timer
	steps           []step // of which metrics don't tell yet
	noted           int    // steps so far
	measured
}

type message struct {
	Message
	before   int  // receives in the queues it was in before this one
	order    int  // of arrival in this queue
	index    int  // in queue.waiting
	consumed bool // it is in a batch of a consumer, which has not come to an end
}

// add puts a message into the queue, to be received from visible on. It is counted as sent,
// where somebody sent it.
func (s *Service) add(q *queue, m Message, visible time.Time, counts string) {
	q.arrivals++
	s.note(q, step{Message: q.arrivals, Visible: visible, Expires: m.Sent.Add(q.retention()), Counts: counts})
	m.VisibleAt, m.Receipt = visible, ""
	in := &message{Message: m, before: m.ReceiveCount, order: q.arrivals}
	q.byID[m.ID] = in
	s.keepMessage(q, m.ID)
	heap.Push(&q.waiting, in)
}

func (s *Service) remove(q *queue, m *message, counts string) {
	s.note(q, step{Message: m.order, Gone: true, Counts: counts})
	heap.Remove(&q.waiting, m.index)
	delete(q.byID, m.ID)
	s.keepMessage(q, m.ID)
}

func (q *queue) retention() time.Duration {
	return time.Duration(q.MessageRetentionPeriod) * time.Second
}

// expired: the age counts from the first enqueue, also in a dead-letter queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html#understanding-message-retention-periods
func (q *queue) expired(m *message, now time.Time) bool {
	return now.Sub(m.Sent) >= q.retention()
}

// exhausted: the next receive moves the message to the dead-letter queue.
func (q *queue) exhausted(m *message) bool {
	return q.RedrivePolicy != nil && m.ReceiveCount-m.before >= q.RedrivePolicy.MaxReceiveCount
}

// messages is a heap by the time a message becomes visible, then by arrival.
type messages []*message

func (h messages) Len() int { return len(h) }
func (h messages) Less(i, j int) bool {
	if c := h[i].VisibleAt.Compare(h[j].VisibleAt); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}
func (h messages) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *messages) Push(x any) {
	m := x.(*message)
	m.index = len(*h)
	*h = append(*h, m)
}
func (h *messages) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil // or the array would keep what was deleted
	*h = old[:len(old)-1]
	return last
}
