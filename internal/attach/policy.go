package attach

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

type statement struct {
	Sid                   string
	Effect                string
	Principal             any
	NotPrincipal          any
	Action, NotAction     texts
	Resource, NotResource texts
	Condition             map[string]map[string]texts
}

// texts are one or many, as policies have them.
type texts []string

func (t *texts) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // as it is written: an account's id is one
	var read any
	if err := d.Decode(&read); err != nil {
		return err
	}
	many, is := read.([]any)
	if !is {
		many = []any{read}
	}
	for _, v := range many {
		*t = append(*t, fmt.Sprint(v))
	}
	return nil
}

func parsePolicy(policy string) ([]statement, error) {
	var document struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(policy), &document); err != nil {
		return nil, fmt.Errorf("read the bucket policy: %w", err)
	}
	var all []statement
	if err := json.Unmarshal(document.Statement, &all); err != nil {
		var one statement
		if json.Unmarshal(document.Statement, &one) != nil {
			return nil, fmt.Errorf("read the statements of the bucket policy: %w", err)
		}
		all = []statement{one}
	}
	return all, nil
}

// means says whether a statement is about a caller. One that is about all but some asks for
// the account as well as for its role, and whoever names one of them alone may deny both.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (st statement) means(c caller) truth {
	if st.NotPrincipal == nil {
		return when(c.named(st.Principal))
	}
	role, account := c, c
	role.account, account.role = "", ""
	switch byRole, byAccount := role.named(st.NotPrincipal), account.named(st.NotPrincipal); {
	case byRole && byAccount:
		return no
	case byRole || byAccount:
		return maybe
	}
	return yes
}

func (c caller) named(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case map[string]any:
		of, _ := json.Marshal(p["AWS"])
		var who texts
		if p["AWS"] == nil || who.UnmarshalJSON(of) != nil {
			return false
		}
		return slices.ContainsFunc(who, func(w string) bool {
			return w == "*" || w != "" && (w == c.account || w == c.role || w == "arn:"+c.partition+":iam::"+c.account+":root")
		})
	}
	return false
}

// covers says of how many objects of a bucket, or whether of the bucket itself, a statement
// is about an action; and of which keys, where they are not all.
func (st statement) covers(n need, arn string) (reach, string) {
	if !matches(st.Action, st.NotAction, strings.ToLower(n.action), strings.ToLower) {
		return noKeys, ""
	}
	if n.objects {
		return st.objects(arn + "/")
	}
	if matches(st.Resource, st.NotResource, arn, func(s string) string { return s }) {
		return allKeys, ""
	}
	return noKeys, ""
}

// reach is how many of a bucket's objects something is about.
type reach int

const (
	noKeys reach = iota
	someKeys
	allKeys
)

// objects says how many of the objects below an ARN a statement is about, and which.
func (st statement) objects(below string) (reach, string) {
	if len(st.NotResource) == 0 {
		return meant(st.Resource, below)
	}
	switch left, keys := meant(st.NotResource, below); left {
	case allKeys:
		return noKeys, ""
	case someKeys:
		return someKeys, "others than " + keys
	}
	return allKeys, ""
}

// meant says how many of the objects below an ARN patterns are about, and which.
func meant(patterns texts, below string) (most reach, keys string) {
	var found []string
	for _, p := range patterns {
		of := objectsOf(p, below)
		most = max(most, of)
		if of != noKeys {
			found = append(found, fmt.Sprintf("%q", strings.TrimPrefix(p, below)))
		}
	}
	if most == allKeys {
		return allKeys, ""
	}
	return most, strings.Join(found, ", ")
}

var variable = regexp.MustCompile(`\$\{[^}]*\}`)

// objectsOf says how many of the objects below an ARN a pattern is about. What a variable
// stands for is not known, so that it may be anything, and need not be everything.
func objectsOf(pattern, below string) reach {
	if everyKey(pattern, below) {
		return allKeys
	}
	if someKey(variable.ReplaceAllString(pattern, "*"), below) {
		return someKeys
	}
	return noKeys
}

// someKey says whether a pattern is of any key below: from its first * on, there is one for
// whatever follows.
func someKey(pattern, below string) bool {
	for i := range len(below) {
		switch {
		case i == len(pattern):
			return false
		case pattern[i] == '*':
			return true
		case pattern[i] != '?' && pattern[i] != below[i]:
			return false
		}
	}
	return len(pattern) > len(below) // no key is empty
}

// everyKey tries keys of a letter that no pattern has, so that * and ? alone are of it. One
// that is longer than all ? together needs a *, which then is of each that is longer still.
func everyKey(pattern, below string) bool {
	for n := range strings.Count(pattern, "?") + 1 {
		if !like(pattern, below+strings.Repeat("\x00", n+1)) {
			return false
		}
	}
	return true
}

// matches says whether a value is meant, or with the second list is none of it.
func matches(meant, not texts, value string, fold func(string) string) bool {
	patterns := meant
	if len(not) > 0 {
		patterns = not
	}
	in := slices.ContainsFunc(patterns, func(p string) bool { return like(fold(p), value) })
	return in == (len(not) == 0)
}

// like compares with * and ?.
func like(pattern, value string) bool {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(strings.ReplaceAll(expression, `\*`, `.*`), `\?`, `.`)
	found, err := regexp.MatchString(`^(?s:`+expression+`)$`, value)
	return err == nil && found
}
