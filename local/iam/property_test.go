package iam_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/local/iam"
	"autobackup/local/iam/iamtest"
)

func TestAnExplicitDenyIsNeverOverruled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := iamtest.Draw(t)
		request, p := c.Request, parse(t, c)
		identity, boundary := iam.Document{Kind: iam.Identity}, iam.Document{Kind: iam.Identity}
		deny := iam.Statement{Sid: "No", Effect: iam.Deny, Principals: []iam.Who{{"AWS", "*"}}, Actions: []string{"*"}, Resources: []string{"*"}}
		switch rapid.IntRange(0, 2).Draw(t, "side") {
		case 0:
			identity.Statements = append(identity.Statements, deny)
			p.Identity = append(p.Identity, identity)
		case 1:
			boundary.Statements = append(boundary.Statements, deny)
			p.Boundary = &boundary
		default:
			d := iam.Document{Kind: iam.Bucket}
			if p.Resource != nil {
				d = *p.Resource
			}
			d.Statements = append(slices.Clone(d.Statements), deny)
			p.Resource = &d
		}
		decision := iam.Evaluate(request, p)
		assert.False(t, decision.Allowed)
		assert.True(t, decision.Explicit)
	})
}

func TestTakingAnAllowAwayNeverAllowsMoreAndTakingADenyAwayNeverLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := iamtest.Draw(t)
		p := parse(t, c)
		before := iam.Evaluate(c.Request, p)
		var all []*iam.Document
		for i := range p.Identity {
			all = append(all, &p.Identity[i])
		}
		for _, d := range []*iam.Document{p.Boundary, p.Resource} {
			if d != nil {
				all = append(all, d)
			}
		}
		all = slices.DeleteFunc(all, func(d *iam.Document) bool { return len(d.Statements) == 0 })
		if len(all) == 0 {
			return
		}
		d := rapid.SampledFrom(all).Draw(t, "document")
		i := rapid.IntRange(0, len(d.Statements)-1).Draw(t, "statement")
		taken := d.Statements[i].Effect
		d.Statements = slices.Delete(d.Statements, i, i+1)
		after := iam.Evaluate(c.Request, p)
		if taken == iam.Allow {
			assert.True(t, before.Allowed || !after.Allowed)
		} else {
			assert.True(t, !before.Allowed || after.Allowed)
		}
	})
}

func TestADecisionNamesWhoMadeIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := iamtest.Draw(t)
		d := iam.Evaluate(c.Request, parse(t, c))
		assert.Equal(t, d.Allowed, d.Words == "")
		assert.False(t, d.Allowed && d.Explicit)
		if !d.Allowed {
			assert.NotEmpty(t, d.By)
		}
		for _, by := range d.By {
			assert.Equal(t, !d.Allowed && !d.Explicit, by.Statement == "")
		}
	})
}

// form is what a pattern means, as a regular expression: a reference that is plain to see.
func form(pattern string, inParts bool) *regexp.Regexp {
	var b strings.Builder
	colons := 0
	for i, r := range pattern {
		free := !inParts || colons > 4
		switch {
		case r == '*' && (free || i+1 == len(pattern) || pattern[i+1] == ':'):
			b.WriteString(`.*`)
		case r == '*':
			b.WriteString(`[^:]*`)
		case r == '?' && free:
			b.WriteString(`.`)
		case r == '?':
			b.WriteString(`[^:]`)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		if r == ':' {
			colons++
		}
	}
	return regexp.MustCompile(`^(?s:` + b.String() + `)$`)
}

func TestWildcardsMatchAsAReferenceDoes(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab:ö")), 0, 8, -1)
	pattern := rapid.StringOfN(rapid.SampledFrom([]rune("ab:ö**?")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		value, like := text.Draw(t, "text"), pattern.Draw(t, "pattern")
		c := iam.Condition{Operator: "StringLike", Key: "aws:SourceArn", Values: []string{like}}
		s := iam.Statement{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{"*"}, Conditions: []iam.Condition{c}}
		request := iam.Request{Principal: session, Action: "a:B", Resource: "*", Context: map[string][]string{"aws:sourcearn": {value}}}
		evaluate := func() bool {
			return iam.Evaluate(request, iam.Policies{Identity: []iam.Document{{Kind: iam.Identity, Statements: []iam.Statement{s}}}, ResourceOwner: here}).Allowed
		}
		assert.Equal(t, form(like, false).MatchString(value), evaluate(), "%q like %q", value, like)

		s.Conditions = nil
		s.Resources, request.Resource = []string{"arn:aws:s3:" + like + ":a*:" + like}, "arn:aws:s3:"+value+":ab:"+value
		assert.Equal(t, form(s.Resources[0], true).MatchString(request.Resource), evaluate(), "%q like %q", request.Resource, s.Resources[0])
	})
}

func parse(t *rapid.T, c iamtest.Case) iam.Policies {
	p, err := c.Policies()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
