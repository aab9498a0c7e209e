package lambda

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// invokePath is where a function is invoked; its name or ARN stands between.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
const (
	invokePrefix = "/2015-03-31/functions/"
	invokeSuffix = "/invocations"
)

// largestInvocation is more than Lambda takes, so that Lambda refuses it.
const largestInvocation = 8 << 20

// Actions names what is served over HTTP.
func Actions() []string {
	return []string{"GetFunctionConfiguration", "Invoke", "ListEventSourceMappings"}
}

// ServeHTTP answers requests for Lambda, in the region of their signature: those of Actions,
// and no other.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.TrimSuffix(r.URL.Path, "/") == mappingsPath && r.Method == http.MethodGet {
		s.serveMappings(w, r)
		return
	}
	if name, asks := configured(r); asks {
		s.serveConfiguration(w, r, name)
		return
	}
	answer, err := s.answerInvoke(r)
	w.Header().Set("X-Amzn-Requestid", s.NewID())
	if failed := (*FunctionError)(nil); errors.As(err, &failed) {
		// The function failed; Lambda did not.
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer, err = failed.Payload, nil
	}
	if err != nil {
		wire.FailREST(w, wire.From(err, "ServiceException"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	_, _ = w.Write(answer) // the client has gone away
}

func (s *Service) answerInvoke(r *http.Request) ([]byte, error) {
	name, invokes := strings.CutPrefix(r.URL.Path, invokePrefix)
	name, ends := strings.CutSuffix(name, invokeSuffix)
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); {
	case r.Method != http.MethodPost || !invokes || !ends:
		return nil, wire.NotImplemented("the local stack serves Lambda's " + strings.Join(Actions(), ", ") + ", not " + r.Method + " " + r.URL.Path)
	case r.URL.RawQuery != "" || kind != "" && kind != "RequestResponse":
		return nil, wire.NotImplemented(
			"the local stack invokes the unqualified function and waits for its answer; it does not support a qualifier or invocation type " + kind)
	case r.Header.Get("X-Amz-Log-Type") == "Tail":
		return nil, wire.NotImplemented("the local stack answers without the function's log: read that with aws logs tail, and leave log type Tail out")
	}
	payload, err := io.ReadAll(io.LimitReader(r.Body, largestInvocation))
	if err != nil {
		return nil, err
	}
	region, _ := sigv4.Scope(r)
	return s.As(s.Gate.Signed(sigv4.AccessKey(r))).Invoke(r.Context(), region, name, payload)
}
