// Package iamtest draws requests, with the policies that decide them, for the tests of
// package iam and for holding it against another evaluator.
package iamtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"pgregory.net/rapid"

	"autobackup/local/iam"
)

// Case is a request and the policies that decide it, as people write them.
type Case struct {
	Request  iam.Request
	Kind     iam.Kind // of the resource's policy
	Owner    string   // of the resource
	Identity []json.RawMessage
	Boundary json.RawMessage
	Resource json.RawMessage
}

// Policies parses those of a case.
func (c Case) Policies() (iam.Policies, error) {
	p := iam.Policies{ResourceOwner: c.Owner, ConsentNeeded: c.Kind == iam.Key || c.Kind == iam.Trust}
	for _, text := range c.Identity {
		d, err := parsed(text, iam.Identity)
		if err != nil {
			return p, err
		}
		p.Identity = append(p.Identity, d)
	}
	var err error
	if p.Boundary, err = parse(c.Boundary, iam.Identity); err != nil {
		return p, err
	}
	p.Resource, err = parse(c.Resource, c.Kind)
	return p, err
}

func parse(text json.RawMessage, kind iam.Kind) (*iam.Document, error) {
	if text == nil {
		return nil, nil
	}
	d, err := parsed(text, kind)
	return &d, err
}

// parsedBefore are policies by what they are parsed from: hundreds of cases have the same.
var parsedBefore sync.Map

type documentOf struct {
	text string
	kind iam.Kind
}

func parsed(text json.RawMessage, kind iam.Kind) (iam.Document, error) {
	of := documentOf{string(text), kind}
	if d, ok := parsedBefore.Load(of); ok {
		return d.(iam.Document), nil
	}
	d, err := iam.Parse(text, kind)
	if err == nil {
		parsedBefore.Store(of, d)
	}
	return d, err
}

// Accounts and principals.
const (
	Here  = "111122223333"
	There = "444455556666"
	role  = "arn:aws:iam::" + Here + ":role/reads"
	user  = "arn:aws:iam::" + Here + ":user/ann"
)

var callers = []iam.Principal{
	iam.Session(role, "one"), iam.Session(role, "one"), iam.Session(role, "one"), {ARN: user}, {ARN: "arn:aws:iam::" + Here + ":root"},
	{Service: "s3.amazonaws.com"}, {},
}

var named = []any{
	"*", map[string]any{"AWS": "*"}, map[string]any{"AWS": Here}, map[string]any{"AWS": "arn:aws:iam::" + Here + ":root"}, map[string]any{"AWS": []string{There, role}},
	map[string]any{"AWS": role}, map[string]any{"AWS": role}, map[string]any{"AWS": user}, map[string]any{"AWS": callers[0].ARN}, map[string]any{"AWS": callers[0].ARN + "2"},
	map[string]any{"AWS": There}, map[string]any{"Service": "s3.amazonaws.com"}, map[string]any{"Service": []string{"sns.amazonaws.com", "s3.amazonaws.com"}, "AWS": There},
}

// place is something that calls are done to.
type place struct {
	kind      iam.Kind
	actions   []string // the first is called
	resource  string
	resources []string // patterns, of which some match
}

var places = []place{
	{iam.Bucket, []string{"s3:GetObject", "s3:Get*", "S3:getobject", "s3:PutObject", "s3:GetObjec?", "s3:*", "*"}, "arn:aws:s3:::docs-a/x:y/z", []string{
		"arn:aws:s3:::docs-a/*", "arn:aws:s3:::docs-?/*", "arn:aws:s3:::docs-a/x?y/z", "arn:aws:s3:::docs-a", "arn:aws:s3:::docs-b/*", "arn:aws:s3:::DOCS-a/*", "arn:aws:s3:::*/z", "*", "arn:aws:s3:::docs-a/${*}", "arn:aws:s3:*:*:y/z", "arn:aws:s3::*x:y/z",
	}},
	{iam.Queue, []string{"sqs:SendMessage", "sqs:*", "sqs:send*", "sqs:ReceiveMessage", "*"}, "arn:aws:sqs:eu-central-1:" + There + ":q", []string{
		"arn:aws:sqs:eu-central-1:" + There + ":q", "arn:aws:sqs:*:*:q", "arn:aws:sqs:eu-*-1:" + There + ":*", "arn:aws:sqs:eu-*:" + Here + ":q", "arn:aws:sqs:eu-central-1:" + There + ":Q", "*",
	}},
	{iam.Topic, []string{"sns:Publish", "sns:*", "SNS:publish", "sns:Subscribe", "*"}, "arn:aws:sns:eu-central-1:" + Here + ":t", []string{
		"arn:aws:sns:eu-central-1:" + Here + ":t", "arn:aws:sns:*:" + Here + ":?", "arn:aws:sns:eu-west-1:*:t", "*",
	}},
	{iam.Key, []string{"kms:Decrypt", "kms:*", "kms:De*", "kms:Encrypt", "*"}, "arn:aws:kms:eu-central-1:" + Here + ":key/own", []string{
		"*", "*", "arn:aws:kms:eu-central-1:" + Here + ":key/own", "arn:aws:kms:*:*:key/*", "arn:aws:kms:eu-central-1:" + There + ":key/own",
	}},
	{iam.Trust, []string{"sts:AssumeRole", "sts:*", "sts:AssumeRole*", "sts:TagSession", "*"}, "arn:aws:iam::" + Here + ":role/audit", []string{
		"arn:aws:iam::" + Here + ":role/audit", "arn:aws:iam::*:role/audit", "arn:aws:iam::" + There + ":role/*", "*",
	}},
	{iam.Function, []string{"lambda:InvokeFunction", "lambda:*", "lambda:Invoke*", "lambda:GetFunction", "*"}, "arn:aws:lambda:eu-central-1:" + There + ":function:f", []string{
		"arn:aws:lambda:eu-central-1:" + There + ":function:f", "arn:aws:lambda:*:" + There + ":function:*", "arn:aws:lambda:eu-west-1:" + There + ":function:f", "*",
	}},
}

// account is the owner that an ARN names.
func (p place) account() string { return strings.Split(p.resource, ":")[4] }

// Draw makes a case.
func Draw(t *rapid.T) Case {
	at := rapid.SampledFrom(places).Draw(t, "place")
	c := Case{Kind: at.kind, Owner: at.account()}
	if c.Owner == "" {
		c.Owner = rapid.SampledFrom([]string{Here, Here, There}).Draw(t, "owner")
	}
	c.Request = iam.Request{Principal: rapid.SampledFrom(callers).Draw(t, "caller"), Action: at.actions[0], Resource: at.resource, Context: context(t, at)}
	if c.Request.Principal.ARN != "" {
		for range rapid.IntRange(0, 2).Draw(t, "policies") {
			c.Identity = append(c.Identity, document(t, at, iam.Identity))
		}
		if !strings.HasSuffix(c.Request.Principal.ARN, ":root") && rapid.IntRange(0, 2).Draw(t, "bounded") == 0 {
			c.Boundary = document(t, at, iam.Identity)
		}
	}
	if at.kind == iam.Key || at.kind == iam.Trust || rapid.IntRange(0, 3).Draw(t, "policy") > 0 {
		c.Resource = document(t, at, at.kind)
	}
	return c
}

func document(t *rapid.T, at place, kind iam.Kind) json.RawMessage {
	var statements []map[string]any
	for i := range rapid.IntRange(1, 3).Draw(t, "statements") {
		s := map[string]any{"Sid": fmt.Sprint("S", i), "Effect": rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect")}
		s[rapid.SampledFrom([]string{"Action", "Action", "Action", "NotAction"}).Draw(t, "sense")] = some(t, at.actions)
		if kind != iam.Identity {
			s["Principal"] = rapid.SampledFrom(named).Draw(t, "named")
		}
		if kind != iam.Trust {
			s[rapid.SampledFrom([]string{"Resource", "Resource", "Resource", "NotResource"}).Draw(t, "sense")] = some(t, at.resources)
		}
		if rapid.Bool().Draw(t, "when") {
			s["Condition"] = condition(t, at)
		}
		statements = append(statements, s)
	}
	text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements}) // texts and maps encode
	return text
}

func some(t *rapid.T, of []string) any {
	many := rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 2, rapid.ID).Draw(t, "some")
	if len(many) == 1 && rapid.Bool().Draw(t, "one") {
		return many[0]
	}
	return many
}
