package alert_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/told"
)

// said is a message in chat: any other field is none of the integration's.
type said struct {
	Version string `json:"version"`
	Source  string `json:"source"`
	Content struct {
		TextType    string   `json:"textType"`
		Title       string   `json:"title"`
		Description string   `json:"description"`
		NextSteps   []string `json:"nextSteps"`
		Keywords    []string `json:"keywords"`
	} `json:"content"`
	Metadata struct {
		ThreadID         string   `json:"threadId"`
		Summary          string   `json:"summary"`
		EventType        string   `json:"eventType"`
		RelatedResources []string `json:"relatedResources"`
	} `json:"metadata"`
}

func inChat(t require.TestingT, n told.News) (s said) {
	text, err := alert.Chat(prod, n)
	require.NoError(t, err)
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&s), text)
	return s
}

func TestChatSaysWhatTheEMailSays(t *testing.T) {
	for name, n := range map[string]told.News{
		"missing": news(where(missing("PENDING")).example()), "several": several(), "malformed": news(malformed()),
		"alike": as(told.Alike, 3, 1000, of("content/sizes-differ", "bulk/0001")), "over": as(told.Over, 0, 1000, of("content/sizes-differ", "bulk/0001")),
		"hostile": hostile("content/sizes-differ", "<!here> @channel `rm` [go](http://evil.example) <at>x</at>\n#general|", "v1"),
	} {
		t.Run(name, func(t *testing.T) {
			text, err := alert.Chat(prod, n)
			require.NoError(t, err)
			var b bytes.Buffer
			require.NoError(t, json.Indent(&b, []byte(text), "", "  "))
			path := filepath.Join("testdata", "chat", name+".json")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
				require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run go test ./internal/alert -update")
			assert.Equal(t, string(want), b.String())
			if name != "hostile" {
				assert.Equal(t, alert.Compose(prod, n).Subject, inChat(t, n).Content.Title, "one source")
			}
		})
	}
}

func TestNoNewsIsNothingInChat(t *testing.T) {
	text, err := alert.Chat(prod, told.News{})
	require.NoError(t, err)
	assert.Empty(t, text)
}

func TestTheEndOfACauseIsInTheThreadOfItsBeginning(t *testing.T) {
	x := of("content/sizes-differ", "bulk/0001")
	begins, ends := inChat(t, as(told.Alike, 3, 1000, x)), inChat(t, as(told.Over, 0, 1000, x))
	assert.Equal(t, begins.Metadata.ThreadID, ends.Metadata.ThreadID)
	assert.Equal(t, []string{"autobackup-failed", "autobackup-over"}, []string{begins.Metadata.EventType, ends.Metadata.EventType})
	other := inChat(t, news(where(missing("PENDING")).example()))
	assert.NotEqual(t, begins.Metadata.ThreadID, other.Metadata.ThreadID)
}

// acts is what chat would act on.
var acts = regexp.MustCompile(`[<>&@|#]|\]\(|\]\[|\]:|(?i)mailto:|[a-z]://`)

func TestWhateverFailsChatHasNothingToActOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyNews().Draw(t, "news")
		text, err := alert.Chat(prod, n)
		require.NoError(t, err)
		require.Equal(t, alert.Compose(prod, n).Message == "", text == "")
		if text == "" {
			return
		}
		assert.Less(t, len(text), 20<<10)
		s := inChat(t, n)
		assert.Equal(t, []string{"1.0", "custom", "client-markdown"}, []string{s.Version, s.Source, s.Content.TextType})
		assert.LessOrEqual(t, len(s.Content.Title), 6*alert.MaxSubject)
		assert.LessOrEqual(t, len(s.Content.Description), 3000)
		assert.NotEmpty(t, s.Content.Description)
		for _, part := range append([]string{s.Content.Title, s.Content.Description, s.Metadata.Summary}, append(s.Content.NextSteps, s.Content.Keywords...)...) {
			own := strings.NewReplacer("https://docs.aws.amazon.com/", "", "s3://", "").Replace(part)
			assert.NotRegexp(t, acts, own)
		}
		assert.Equal(t, 2, strings.Count(s.Content.Description, "```"), "one block of code, which nothing ends")
		assert.Equal(t, 6, strings.Count(s.Content.Description, "`"))
	})
}
