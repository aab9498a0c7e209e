package local

import (
	"encoding/xml"
	"net/http"
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

// serveIdentity answers GetCallerIdentity, by which the documents' commands and
// `sam local invoke` find out the account. STS is asked for nothing else.
func (s *Stack) serveIdentity(w http.ResponseWriter, r *http.Request) {
	if action := r.PostFormValue("Action"); action != "GetCallerIdentity" {
		refuse(w, r, "the local stack serves GetCallerIdentity of sts, not "+action)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	answer, _ := xml.Marshal(identity{ // texts always encode
		ARN: "arn:aws:iam::" + s.Account + ":root", UserID: s.Account, Account: s.Account, RequestID: s.newID(),
	})
	_, _ = w.Write(answer) // the client has gone away
}
