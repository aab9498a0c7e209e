package serve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/chromium"
)

// somebody is new here: they type into a shell of their own what the first screen says, and look
// at the page in a browser.
type somebody struct {
	process
	*chromium.Browser
	t       *testing.T
	address string // of the page, without its token
	env     string // the line that the first screen has them paste
	upload  string // and the one after it
}

// begins reads the first screen.
func (s *somebody) begins(p process) {
	s.process = p
	pasted := p.says(s.t, `In another terminal:\n\n  (eval [^\n]*)\n  (aws s3 cp [^\n]*)\n`)
	s.env, s.upload = pasted[1], pasted[2]
	page := p.says(s.t, `(?m)^page +(http://[^/]+)(/\S*)$`)
	s.address = page[1]
	s.Open(page[1] + page[2])
}

// types types lines into the shell, in the project's folder.
func (s *somebody) types(lines string) string {
	s.t.Helper()
	out, err := shell(s.t, "set -e\n"+s.env+"\n"+lines).CombinedOutput()
	require.NoError(s.t, err, "%s\n%s", lines, out)
	return string(out)
}

// presses presses a key, and waits for what it brings about.
func (s *somebody) presses(key, says string) {
	s.t.Helper()
	_, err := s.typed.Write([]byte(key + "\n"))
	require.NoError(s.t, err)
	s.says(s.t, says)
}

// looks opens a page, which shows something within a minute, as it comes.
func (s *somebody) looks(path, what string) {
	s.t.Helper()
	s.Open(s.address + path)
	s.shows(what)
}

func (s *somebody) shows(what string) {
	s.t.Helper()
	s.Await(fmt.Sprintf(`document.querySelector("main")?.innerText.includes(%q) ?? false`, what))
}

// clicks clicks what a selector finds whose text has something.
func (s *somebody) clicks(selector, text string) {
	s.t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll(%q)].find(e => e.innerText.includes(%q))`, selector, text)
	s.Await(found + ` !== undefined`)
	s.Evaluate(found + `.click()`)
	s.Await(`document.readyState === "complete"`)
}

// An upload, its execution, a damaged replica, its e-mail, a permission that is gone and comes
// back, a retry, and a kill: each seen where people see it.
func TestWhatSomebodyNewDoesFirst(t *testing.T) {
	python := os.Getenv("AUTOBACKUP_BOTO3")
	if os.Getenv("AUTOBACKUP_AWS") == "" || python == "" {
		t.Skip("AUTOBACKUP_AWS and AUTOBACKUP_BOTO3 name no aws CLI and no Python that has boto3; .ci/run does")
	}
	dir := filepath.Join(t.TempDir(), "kept")
	s := &somebody{Browser: chromium.New(t), t: t}
	s.begins(started(t, "--project", project, "--fast", "--dir", dir))
	s.Open(s.address + "/executions")
	s.types(s.upload)
	s.shows("SUCCEEDED")
	s.clicks("main tbody a", "")
	s.shows("README.md")
	s.shows("verified by full-object checksum CRC64NVME")
	assert.Equal(t, true, s.Evaluate(`document.querySelector(".graph .took") !== null`))

	s.presses("c", "the next replica has a flipped bit")
	put := "import boto3; boto3.client('s3').put_object(Bucket='" + documents + "', Key='letter', Body=b'content')"
	s.types(python + ` -c "` + put + `"`)
	s.says(t, `(?m)  documents  letter  failed  CONTENT_MISMATCH$`)
	s.says(t, `(?m)  e-mail  \[dev\] Backup check failed: CONTENT_MISMATCH `)
	s.looks("/emails", "CONTENT_MISMATCH")
	s.shows("Upload the right content to " + documents + " again")
	s.types(`printf content | aws s3 cp - s3://` + documents + `/letter`)
	s.says(t, `(?m)  documents  letter  verified  `)
	said := s.types(s.Path + ` discard --stage dev --reason CONTENT_MISMATCH --why "uploaded again" --yes`)
	assert.Contains(t, said, "Discarded: 1 message")

	s.presses("a", "fetch-etags lost s3:GetObjectVersion on the replicas")
	s.types(python + ` -c "` + put + `"`)
	s.says(t, `(?m)  documents  letter  failed  ACCESS_DENIED$`)
	s.says(t, `(?m)  e-mail  \[dev\] Backup check failed: ACCESS_DENIED `)
	s.presses("a", "fetch-etags has s3:GetObjectVersion on the replicas again")
	s.looks("/parked", "")
	s.clicks("main form button", "validation-dlq")
	s.shows("ACCESS_DENIED")
	s.Evaluate(`document.querySelectorAll("details").forEach(d => { d.open = true; })`)
	s.clicks("section button[value=retry]", "")
	s.shows("It goes on record as done by")
	s.Evaluate(`document.querySelector("input[name=why]").value = "the permission is back"`)
	s.clicks("main form button", "")
	s.shows("Done: ")
	s.says(t, `(?s)letter  failed  ACCESS_DENIED\n.*  documents  letter  verified  `)

	s.presses("l", "the next replica comes after 10 minutes")
	upload(t, s.client(t, ""), "late") // and at once, before it is verified:
	s.kill(t)
	s.begins(started(t, "--project", project, "--fast", "--dir", dir))
	s.says(t, `(?m)  documents  late  verified  `)
	s.looks("/emails", "CONTENT_MISMATCH")
	s.looks("/executions", "SUCCEEDED")
	assert.Empty(t, s.Said)
}
