// Package sts is what of AWS STS this project asks for, on one machine: who calls.
package sts

import (
	"cmp"
	"encoding/xml"
	"net/http"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// identity is the answer of STS to GetCallerIdentity.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
type identity struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	ARN       string   `xml:"GetCallerIdentityResult>Arn"`
	UserID    string   `xml:"GetCallerIdentityResult>UserId"`
	Account   string   `xml:"GetCallerIdentityResult>Account"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

// Service tells callers who they are.
type Service struct {
	Account string        // 12 digits, of whom nobody was given a key
	NewID   func() string // makes request ids
	Gate    *gate.Gate    // knows who signs. nil: the account's owner
}

// ServeHTTP answers GetCallerIdentity, by which the documents' commands and
// `sam local invoke` find out the account. STS is asked for nothing else.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire.Query{Answer: s.answer}.Serve(s.NewID, w, r)
}

func (s *Service) answer(r *http.Request, id string) (any, error) {
	if action := r.PostForm.Get("Action"); action != "GetCallerIdentity" {
		return nil, wire.NotImplemented("the local stack serves GetCallerIdentity of sts, not " + action)
	}
	by := s.Gate.Signed(sigv4.AccessKey(r)).Principal()
	account := cmp.Or(by.Account(), s.Account)
	return identity{ARN: cmp.Or(by.ARN, "arn:aws:iam::"+account+":root"), UserID: account, Account: account, RequestID: id}, nil
}
