package alert

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/text"
	"autobackup/internal/told"
)

// What a message in chat holds, in bytes. Slack takes 3,000 characters in a block of text
// (https://docs.slack.dev/reference/block-kit/blocks/section-block); nobody reads more there.
const (
	maxChat      = 2800 // of the description
	maxChatLines = 1200 // of the list in it
	maxChatStep  = 700
	maxMore      = 40 // of how many more there are
)

// chat is what AWS's integration takes from a topic
// (https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html).
type chat struct {
	Version string      `json:"version"`
	Source  string      `json:"source"`
	Content chatContent `json:"content"`
	About   chatAbout   `json:"metadata"`
}

type chatContent struct {
	TextType    string   `json:"textType"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	NextSteps   []string `json:"nextSteps,omitempty"`
	Keywords    []string `json:"keywords"`
}

type chatAbout struct {
	ThreadID  string   `json:"threadId"`
	Summary   string   `json:"summary"`
	EventType string   `json:"eventType"`
	Resources []string `json:"relatedResources,omitempty"`
}

// Types of what is said in chat: buttons can be attached to one.
const (
	chatFailed = "autobackup-failed"
	chatOver   = "autobackup-over"
	chatAudit  = "autobackup-audit"
)

// Chat is an e-mail's news as AWS's chat integration takes it. Without news it is empty.
//
// Chat makes more of a text than an e-mail does: names call people, and addresses become
// links. So whatever could do that is escaped, and names of objects stand in a block of code.
func Chat(c Context, n told.News) (string, error) {
	e := edit(c, n)
	if len(e.sections) == 0 {
		return "", nil
	}
	w := e.sections[0].gist()
	m := chat{Version: "1.0", Source: "custom",
		Content: chatContent{TextType: "client-markdown", Title: inert(e.subject()), Description: e.description(w), NextSteps: e.steps(w), Keywords: e.keywords(n)},
		About:   chatAbout{ThreadID: thread(c, n.Causes[0]), Summary: inert(e.subject()), EventType: chatFailed, Resources: primaries(n)}}
	if len(e.over) == len(e.sections) {
		m.About.EventType = chatOver
	}
	return m.encoded()
}

func (m chat) encoded() (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		return "", fmt.Errorf("encode a message for chat: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// ChatOfAudit is what audits of a stage came to, as AWS's chat integration takes it: what the
// e-mail of the same subject says of each bucket, with the command that shows it.
func ChatOfAudit(stage, subject string, lines []string, last string) (string, error) {
	said := ""
	for i, line := range lines {
		one := inert(line)
		if len(said)+len(one) > maxChat-maxMore {
			said += fmt.Sprintf("and %s more", text.Count(len(lines)-i, "bucket"))
			break
		}
		said += one + "\n"
	}
	return chat{Version: "1.0", Source: "custom",
		Content: chatContent{
			TextType: "client-markdown", Title: inert(subject), Description: said,
			NextSteps: []string{command("What each audit came to:", last), "The e-mail says where the reports are."}, Keywords: []string{"autobackup", inert(text.Line(stage, 16)), "audit"},
		},
		About: chatAbout{ThreadID: "autobackup-audit-" + inert(text.Line(stage, 16)), Summary: inert(subject), EventType: chatAudit},
	}.encoded()
}

// description is the heading, the list of what is told, and what the worst of it means.
func (e edition) description(w words) string {
	left := room(maxChatLines)
	lines := left.fill(e.sections, func(s section) string { return inert(s.line()) })
	list := strings.Join(lines, "")
	if len(lines) < len(e.sections) {
		list += fmt.Sprintf("  and %d more: see the e-mail\n", len(e.sections)-len(lines))
	}
	said := inert(e.heading()) + "```\n" + list + "```\n"
	for _, part := range [][2]string{{"What happened:", w.what}, {"Why it matters:", w.why}} {
		if part[1] != "" {
			said += "*" + part[0] + "* " + inert(alone.Replace(part[1])) + "\n"
		}
	}
	return text.Shorten(said, maxChat)
}

// steps are what to do, with commands that mean the same when they are copied out of chat.
func (e edition) steps(w words) (steps []string) {
	if w.next != "" {
		steps = append(steps, text.Shorten(inert(strings.ReplaceAll(alone.Replace(w.next), ByCommand, "(the commands below)")), maxChatStep))
	}
	if v, ok := e.sections[0].(version); ok && v.object != nil {
		steps = append(steps, command("Everything about it:", explainIn(v)))
	}
	return append(steps, command("What is parked, by reason:", e.verb(parked)),
		command("All parked messages looked at again, once the cause is gone:", e.verb(retry)), command("The same by SQS, without a record:", move(e.Queues, e.Queues.ValidationARN)),
		"The e-mail says more, and has the commands.")
}

// command is one in code; one that chat would change is in the e-mail alone.
func command(what, line string) string {
	if inert(line) != line || len(line) > maxChatStep {
		return what + " the command is in the e-mail."
	}
	return what + " `" + line + "`"
}

func (e edition) keywords(n told.News) []string {
	words := []string{"autobackup", inert(text.Line(e.Stage, 16))}
	for _, c := range n.Causes {
		if code := known(c.Reason); !slices.Contains(words, code) && len(words) < 6 {
			words = append(words, code)
		}
	}
	return words
}

// thread is that of a cause, so that its end stands beside its beginning.
func thread(c Context, of told.Cause) string {
	sum := told.Digest(c.Stage, string(of.Reason), of.Bucket, of.Replica, of.S3)
	return "autobackup-" + hex.EncodeToString(sum[:8])
}

// primaries are the buckets of causes: what can't be a bucket's name is none.
func primaries(n told.News) (all []string) {
	for _, c := range n.Causes {
		if bucketName.MatchString(c.Bucket) && !slices.Contains(all, "s3://"+c.Bucket) && len(all) < 10 {
			all = append(all, "s3://"+c.Bucket)
		}
	}
	return all
}

// awsPages are the only addresses that become links.
const awsPages = "https://docs.aws.amazon.com/"

// inert is a text without anything that chat acts on: Slack's <!here> and links, mentions by
// name, links of Markdown and addresses, and what ends a block of code. It stands there as the
// escapes of JSON.
func inert(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case strings.ContainsRune("<>&@`|#", r), r == ']' && linking(s[i+1:]), r == ':' && webAddress(s[:i], s[i:]):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// linking says whether what follows a closing bracket makes it a link of Markdown.
func linking(after string) bool { return after != "" && strings.ContainsRune("([:", rune(after[0])) }

// webAddress says whether a colon ends the scheme of an address that becomes a link.
func webAddress(before, from string) bool {
	if !strings.HasPrefix(from, "://") {
		return strings.HasSuffix(strings.ToLower(before), "mailto")
	}
	page := strings.HasSuffix(before, "https") && strings.HasPrefix("https"+from, awsPages)
	return !page && !strings.HasSuffix(before, "s3")
}
