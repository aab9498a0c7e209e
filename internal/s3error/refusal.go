package s3error

import (
	"errors"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
)

// Refusal is who refuses a call, as AWS tells those of the same account or organization.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
type Refusal struct {
	Action   string // such as s3:GetObjectVersion
	Policy   string // its kind, in AWS's words, such as service control policy
	Name     string // of the policy, where AWS tells it
	Explicit bool   // the policy denies, rather than lacking an allow
}

// kinds are all that AWS names. The end of the sentence alone is read, and nothing but
// these: what stands before it may hold a key, which anyone may choose who may upload.
const kinds = `(service control policy|resource control policy|permissions boundary|session policy|VPC endpoint policy|` +
	`identity-based policy|resource-based policy|role trust policy)`

var (
	performs = regexp.MustCompile(`is not authorized to perform: ([a-z0-9-]{1,40}:[A-Za-z]{1,60})\b`)
	denies   = regexp.MustCompile(` with an explicit deny in (?:an? |the )?` + kinds + `(?:: arn:[a-z0-9-]+:[a-z]+::[0-9]{12}:[\w+=,.@/-]*?([\w+=,.@-]{1,64}))?\.?$`)
	lacks    = regexp.MustCompile(` because no ` + kinds + ` allows the ([a-z0-9-]{1,40}:[A-Za-z]{1,60}) action\.?$`)
)

// RefusalOf reads it from an error's message. Of a call from another organization, and of
// what access control lists refuse, AWS tells nothing.
func RefusalOf(err error) (r Refusal, told bool) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return r, false
	}
	message := strings.TrimSpace(api.ErrorMessage())
	if found := lacks.FindStringSubmatch(message); found != nil {
		return Refusal{Policy: found[1], Action: found[2]}, true
	}
	found, action := denies.FindStringSubmatch(message), performs.FindStringSubmatch(message)
	if found == nil || action == nil {
		return r, false
	}
	return Refusal{Action: action[1], Policy: found[1], Name: found[2], Explicit: true}, true
}

// Final says whether no grant helps: a denial comes before every grant, and what bounds all
// grants must allow as well.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (r Refusal) Final() bool {
	return r.Explicit || r.Policy != "identity-based policy" && r.Policy != "resource-based policy" && r.Policy != "role trust policy"
}

func (r Refusal) String() string {
	if !r.Explicit {
		return "no " + r.Policy + " allows " + r.Action
	}
	text := "explicit deny of " + r.Action + " in a " + r.Policy
	if r.Policy == "identity-based policy" {
		text = "explicit deny of " + r.Action + " in an " + r.Policy
	}
	if r.Name != "" {
		text += " (" + r.Name + ")"
	}
	return text
}
