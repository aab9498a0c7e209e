package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path"
	"strings"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// configured says whether a request asks for a function's configuration, and of which.
// https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
func configured(r *http.Request) (name string, asks bool) {
	name, begins := strings.CutPrefix(r.URL.Path, invokePrefix)
	name, ends := strings.CutSuffix(name, "/configuration")
	return name, r.Method == http.MethodGet && begins && ends && r.URL.RawQuery == ""
}

// configuration is what is told of a function.
type configuration struct {
	FunctionName, FunctionArn, CodeSha256, State, LastUpdateStatus string //nolint:revive // Lambda's names
}

func (s *Service) serveConfiguration(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("X-Amzn-Requestid", s.NewID())
	region, _ := sigv4.Scope(r)
	by := s.Gate.Signed(sigv4.AccessKey(r))
	if err := by.May("lambda:GetFunctionConfiguration", s.arn(region, name)); err != nil {
		wire.FailREST(w, wire.From(gate.Denied(err, wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden}), "ServiceException"))
		return
	}
	f, err := s.find(region, name)
	if err != nil {
		wire.FailREST(w, wire.From(err, "ServiceException"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(configuration{f.Name, f.ARN, digest(f.Code), "Active", "Successful"}) // the client has gone away
}

// digest stands for that of a function's zip: both stacks' functions of one folder of the
// project have one code.
func digest(codeURI string) string {
	sum := sha256.Sum256([]byte(path.Base(codeURI)))
	return base64.StdEncoding.EncodeToString(sum[:])
}
