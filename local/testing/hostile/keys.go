// Package hostile is what somebody may name objects, or send, to have it taken for something
// else, and a list of where each is tried.
package hostile

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Keys are keys that are meant to be read as something else by a terminal, a shell, the AWS
// CLI, a browser, a spreadsheet, chat, a parser or an eye. Not all are keys that S3 takes.
var Keys = []string{
	"a\r\nBcc: all@example.com\r\n\r\nDear all", "a\nSubject: all is well", "<!here> @channel `rm` [go](http://evil.example) <at>x</at>\n#general|", "{\"level\":\"ERROR\"}\n{\"level\":\"SUCCESS\"}",
	"plain.txt", "with space", " leading", "it's", `"quoted"`, "$(touch pwned)", "`id`", "$HOME", "a\nb", "\n", "\r\nx", "tab\t", "\t=1+1", "!!", "*", "~",
	"-dash", "--bucket", "file:///etc/passwd", "https://example.com/x", `back\slash`, `trailing\`, `\"`, `\\"`, "'", "''quoted", "'=1", "\x00", "\x01\x1b[31mred\x1b[0m",
	"\x1b]0;title\x07", "\x7f", "\u009b31m", "ünï/字/😀", "a;b|c&d>e<f", "#", "?versionId=x", "a?versionId=b", "100%", "%2e%2e", "a+b", "\u202egnp.exe", "\u2066x\u2069", "\u200f", "\u2028", "\ufeff", "\U000e0041",
	"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "=HYPERLINK(\"https://x\")", "a;=1+1", "a; \"=1", `x","=1`, "x\t=1", "＝1", " =1", "\"=1",
	"<script>alert(1)</script>", "</code><img src=x onerror=alert(1)>", "&lt;b&gt;", "{{.}}", "javascript:alert(1)", "```\n# x", "'; rm -rf /; '", "'\n```sh\nid",
	strings.Repeat("k", 1024), strings.Repeat("\x02", 1024), strings.Repeat("é", 512), "\xff\xfe", "a\xc3", "\xed\xa0\x80", "folder/", "/", "//x", "../../etc", "{\"Key\":\"x\"}",
}

// Uploadable are those that S3 takes: 1 to 1,024 bytes of UTF-8, and here without those that stand
// in no XML, in which S3 lists them.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
func Uploadable() []string {
	return slices.DeleteFunc(slices.Clone(Keys), func(key string) bool {
		return !utf8.ValidString(key) || len(key) > 1024 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' })
	})
}
