package logged

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/alert"
)

// sender is the function that sends e-mails about what was found, and logs each.
const sender = "failure-notifier"

// Mail is an e-mail as it was sent.
type Mail struct {
	At time.Time
	alert.Copy
}

// Mails are those that the stage's sender has sent, the newest first.
func Mails(ctx context.Context, cfg aws.Config, p Part) ([]Mail, Searched, error) {
	return newSearcher(cfg, p, sender, pattern(is("msg", alert.Sent)), func(at time.Time, message string) (Mail, bool) {
		var l struct {
			Email *alert.Copy `json:"email"`
		}
		if json.Unmarshal([]byte(message), &l) != nil || l.Email == nil {
			return Mail{}, false
		}
		return Mail{at, *l.Email}, true
	}).all(ctx)
}
