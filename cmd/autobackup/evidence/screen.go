package evidence

import (
	"fmt"
	"io"
	"strings"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/evidence"
)

// maxShown is how many problems the screen shows.
const maxShown = 20

// Screen writes what verify found, for people.
func Screen(w io.Writer, where string, v evidence.Verification) error {
	var s strings.Builder
	fmt.Fprintf(&s, "evidence  %s\n", report.Visible(where))
	verification(&s, v)
	code := 0
	words := "as it was written"
	if !v.Sound() {
		code, words = 1, counted(int64(len(v.Problems)), "problem")
	} else if v.Waiting > 0 {
		words += ", but for what waits"
	}
	fmt.Fprintf(&s, "result    %s   exit %d\n", words, code)
	_, err := io.WriteString(w, s.String())
	return err
}

func verification(s *strings.Builder, v evidence.Verification) {
	if v.First != nil {
		d := v.Deployment
		fmt.Fprintf(s, "of        stage %s, account %s, region %s\n", report.Visible(d.Stage), report.Visible(d.Account), report.Visible(d.Region))
		fmt.Fprintf(s, "days      %s to %s: %s\n", v.First.Day, v.Last.Day, counted(v.Manifests, "manifest"))
	}
	fmt.Fprintf(s, "files     %s as written, with %s\n", counted(v.Files, "file"), counted(v.Records, "record"))
	if v.Waiting > 0 {
		fmt.Fprintf(s, "waiting   %s of days whose manifest is not due yet: nothing vouches for them\n", counted(v.Waiting, "file"))
	}
	if n := len(v.Problems); n > 0 {
		fmt.Fprintf(s, "PROBLEMS  %s: %s\n", report.Grouped(int64(n)), v.Summary())
		for _, p := range v.Problems[:min(n, maxShown)] {
			fmt.Fprintf(s, "          %s: %s\n            %s\n", p.Kind, report.Visible(p.Name), report.Visible(p.Sentence))
		}
		if n > maxShown {
			fmt.Fprintf(s, "          and %s more: --json has all\n", report.Grouped(int64(n-maxShown)))
		}
	}
	if v.Last != nil {
		fmt.Fprintf(s, "last      %s sha256 %s\n          nothing in the evidence vouches for this manifest: keep its SHA-256 elsewhere\n", v.Last.Day, v.Last.SHA256)
	}
}

// ReportScreen writes what a report came to, for people.
func ReportScreen(w io.Writer, where, folder string, r evidence.Report) error {
	var s strings.Builder
	fmt.Fprintf(&s, "evidence  %s, %s to %s\n", report.Visible(where), r.From, r.To)
	verification(&s, r.Verification)
	for _, span := range r.Without {
		fmt.Fprintf(&s, "WITHOUT   a manifest: %s\n", days(span))
	}
	for _, b := range r.Buckets {
		fmt.Fprintf(&s, "bucket    %s\n", report.Visible(bucketName(b)))
		for _, e := range b.Endings {
			fmt.Fprintf(&s, "%15s  %s\n", report.Grouped(e.Versions), toldOf(e.Told))
		}
		fmt.Fprintf(&s, "%15s  seen: the sum\n", report.Grouped(b.Seen))
		for _, f := range b.Failures {
			fmt.Fprintf(&s, "%15s  had failed %s: %s\n", report.Grouped(f.Versions), f.Reason, settled(f))
		}
	}
	fmt.Fprintf(&s, "report    %s/%s, %s, %s, %s\n", report.Visible(strings.TrimSuffix(folder, "/")), pageFile, tableFile, jsonFile, report.SumsFile)
	fmt.Fprintf(&s, "result    %s   exit %d\n", result(r), map[bool]int{false: 1}[r.Fine()])
	_, err := io.WriteString(w, s.String())
	return err
}

func days(s evidence.Span) string {
	if s.From == s.To {
		return s.From
	}
	return s.From + " to " + s.To + ", " + counted(s.Days, "day")
}

// bucketName is the bucket, or what its messages are.
func bucketName(b evidence.BucketReport) string {
	if b.Bucket == "" {
		return "(messages that name no object version)"
	}
	return b.Bucket
}
