package serve

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"autobackup/cmd/autobackup/terminal"
	"autobackup/cmd/autobackup/watch"
	"autobackup/internal/text"
	"autobackup/local/clock"
	"autobackup/local/samconfig"
	"autobackup/local/sns"
	"autobackup/local/template"
)

// first is the first screen.
const first = `Both stacks run on this machine, in %s and %s, for account %s. Nothing here is AWS; %s.
page     %s
In another terminal:

  eval "$(%s serve --env%s)"      # endpoint and test keys, this shell only
%s
%s
E-mails are written to %s
%s
Ctrl-C ends it.
`

// What is said of time and of keys.
const (
	inTime = "A replica takes about 5 s, a verdict about 2 minutes (--fast: at once). Schedules fire and alarms ring by themselves."
	atOnce = "Waits and delays pass at once (--fast): a verdict takes seconds, and times run ahead of your clock. No schedule fires, and no alarm rings."
	onKeys = "Next replica:  l lags  f fails  c is corrupt     Break, and mend:  p pipe  s SNS  a a permission     u deploys what changed"
)

// screen is where people see what comes of everything, a line each.
type screen struct {
	clock  *clock.Clock
	colour bool
	stage  string

	mu  sync.Mutex
	out io.Writer
}

func newScreen(out io.Writer, clk *clock.Clock) *screen {
	return &screen{clock: clk, colour: terminal.Is(out), out: out}
}

// first writes the first screen, at once.
func (s *screen) first(o Options, a at, page string, environments []samconfig.Environment, primary *template.Stack, outbox string) error {
	listen, upload, time, typed := "", "", inTime, onKeys
	if o.Listen != DefaultListen {
		listen = " --listen " + strings.TrimPrefix(a.URL, "http://")
	}
	if bucket := aBucket(primary); bucket != "" {
		upload = "  aws s3 cp README.md s3://" + bucket + "/\n"
	}
	if o.Fast {
		time = atOnce
	}
	if !terminal.Is(o.In) {
		typed += "  (each on a line)"
	}
	_, err := fmt.Fprintf(s.out, first, environments[1].Region, environments[0].Region, account, o.keeps(), page, itself(), listen, upload, time, outbox, typed)
	return err
}

// keeps says what is kept.
func (o Options) keeps() string {
	if o.Dir != "" {
		return "everything is kept in " + text.Line(o.Dir, 200)
	}
	return "nothing is kept (--dir DIR keeps)"
}

// itself is how this program is called where it was started.
func itself() string {
	const name = "autobackup"
	if _, err := exec.LookPath(name); err == nil {
		return name
	}
	at, err := os.Executable()
	folder, known := os.Getwd()
	if err != nil || known != nil || strings.Contains(at, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/" + name
	}
	if relative, err := filepath.Rel(folder, at); err == nil && !strings.HasPrefix(relative, "..") {
		return "./" + relative
	}
	return at
}

// say writes a line with the time.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.out, "%s  %s\n", s.clock.Now().Format("15:04:05"), fmt.Sprintf(format, args...)) // nowhere left to tell
}

// verdict tells of a verdict.
func (s *screen) verdict(v watch.Verdict) {
	came := string(v.Verdict)
	if s.colour {
		came = watch.Coloured(v.Verdict)
	}
	s.say("%s  %s  %s", s.named(v), came, cmp.Or(string(v.Reason), string(v.Evidence)))
}

// named is the bucket and the key of what a verdict is about.
func (s *screen) named(v watch.Verdict) string {
	if v.Object.Key == "" {
		return "(a message that is no S3 event)"
	}
	what := ""
	switch {
	case v.Object.Marker:
		what = " (delete marker)"
	case v.Object.GaveUp != nil:
		what = " (S3's notice of it)"
	}
	return s.place(v.Object.Bucket) + "  " + shown(v.Object.Key) + what
}

// place is a bucket's category, or its name.
func (s *screen) place(bucket string) string {
	if category, ok := strings.CutPrefix(bucket, "autobackup-"+s.stage+"-primary-"); ok {
		return strings.TrimSuffix(category, "-"+account)
	}
	return bucket
}

// failed tells what a schedule came to, or alarms, that went wrong.
func (s *screen) failed(err error) { s.say("%s", text.Line(err.Error(), 1000)) }

// mail tells of an e-mail.
func (s *screen) mail(p sns.Publication, file string) {
	s.say("e-mail  %s  %s", text.Line(p.Subject, 100), file)
}

// widest is how much of a key a line shows.
const widest = 80

// shown is a key on a line whose parts are set apart by spaces: one with anything but plain
// characters is quoted.
func shown(key string) string {
	quoted := text.Quoted(key, len(key)*10+2)
	if quoted == `"`+key+`"` && !strings.Contains(key, " ") {
		return text.Shorten(key, widest)
	}
	return text.Shorten(quoted, widest)
}
