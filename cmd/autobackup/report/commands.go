package report

import (
	"strings"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
)

// ExplainCommand explains a version. What could be misread as a part of an s3:// URI
// goes in as ASCII JSON.
func ExplainCommand(bucket, key, version string) string {
	if shell.Odd(key) || shell.Odd(version) || strings.Contains(key, "?versionId=") {
		return "autobackup explain --object '" + shell.ASCIIJSON(map[string]string{"Bucket": bucket, "Key": key, "VersionId": version}) + "'"
	}
	return "autobackup explain " + shell.Quote("s3://"+bucket+"/"+key+"?versionId="+version)
}

// AcceptCommand takes all versions of a pair with a reason out of the findings, for a
// year. WHY is for whoever does so to say.
func AcceptCommand(r audit.Report, code reason.Code) string {
	return "autobackup accept --primary " + shell.Quote(r.Primary.Bucket) + " --replica " + shell.Quote(r.Replica.Bucket) +
		" --reason " + shell.Quote(string(code)) + " --why WHY --until " + r.Ended.UTC().AddDate(1, 0, 0).Format(time.DateOnly)
}

// accepting is that command for the worst finding; empty where there is none.
func accepting(r audit.Report) string {
	for _, n := range counts(r, audit.Finding) {
		return AcceptCommand(r, n.Reason)
	}
	return ""
}

// explain is the command for an example, or says why there is none.
func explain(i audit.Item, o Options) string {
	if o.RedactKeys {
		return "the key is left out (--redact-keys): without it, this is autobackup explain of version " + visible(i.Version)
	}
	return ExplainCommand(i.Primary, i.Key, i.Version)
}
