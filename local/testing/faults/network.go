package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"

	"autobackup/local/gate"
)

// On makes the faults of requests that a client of the SDKs sends. who is whose they are.
func (i *Injector) On(next aws.HTTPClient, who func(*http.Request) string) aws.HTTPClient {
	return client{next, who, i}
}

type client struct {
	next aws.HTTPClient
	who  func(*http.Request) string
	*Injector
}

// Do implements aws.HTTPClient.
func (c client) Do(r *http.Request) (*http.Response, error) {
	of := processOf(r.Context())
	if of.gone() {
		return nil, errKilled
	}
	call := Call{Network, c.who(r), "", r.URL.Path}
	call.Action = strings.ToLower(middleware.GetServiceID(r.Context())) + ":" + middleware.GetOperationName(r.Context())
	if service(call.Action) == "s3" {
		call.Resource = class("arn:aws:s3:::" + strings.TrimPrefix(r.URL.Path, "/"))
	}
	switch f := c.before(call); {
	case f == nil:
	case f.What == Killed:
		return nil, of.kill()
	case f.What == Slow:
		c.almost(r.Context())
	default:
		return c.unanswered(r, *f)
	}
	response, err := c.next.Do(r)
	if err != nil {
		return nil, err
	}
	f := c.after(call)
	if f != nil && f.What == Slow {
		c.almost(r.Context())
		f = nil
	}
	if f == nil && !of.gone() {
		return response, nil
	}
	if f == nil || f.What == Killed {
		_ = response.Body.Close() // nobody reads it
		return nil, of.kill()
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // all of it is read
	if err != nil {
		return nil, err
	}
	switch f.What {
	case Truncated:
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), cut{}))
	case Garbled:
		response.Body = io.NopCloser(strings.NewReader("<html><body>please log in</body></html>"))
		response.ContentLength = -1
	default:
		return c.unanswered(r, *f)
	}
	return response, nil
}

// cut is the end of an answer whose length was said to be more.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// unanswered is what comes in the place of the answer.
func (c client) unanswered(r *http.Request, f Fault) (*http.Response, error) {
	of := service(f.Action)
	switch f.What {
	case Skewed:
		a := answer(r, of, http.StatusForbidden, map[bool]string{true: "RequestTimeTooSkewed", false: "SignatureDoesNotMatch"}[of == "s3"])
		a.Header.Set("Date", c.clk.Now().Add(astray).UTC().Format(http.TimeFormat)) // by which the SDKs set theirs
		return a, nil
	case Late:
		return nil, c.later(r)
	case Throttled:
		throttled := gate.TooMany(f.Action)
		return answer(r, of, throttled.Status, throttled.Code), nil
	case Expired:
		return answer(r, of, http.StatusBadRequest, map[bool]string{true: "ExpiredToken", false: "ExpiredTokenException"}[of == "s3"]), nil
	case Silent:
		<-r.Context().Done()
		return nil, gaveUp(r)
	case Reset:
		return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}
	default: // Broken
		return answer(r, of, http.StatusInternalServerError, breaking(of)), nil
	}
}

// later has a request done when whoever waited for it has given up, for which nobody is there any more.
func (c client) later(r *http.Request) error {
	defer c.owe()()
	body := []byte(nil) // which whoever gives up takes back
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return err
		}
	}
	<-r.Context().Done()
	done := c.owe()
	go func() {
		defer done()
		late := r.Clone(context.WithoutCancel(r.Context()))
		late.Body = io.NopCloser(bytes.NewReader(body))
		if response, err := c.next.Do(late); err == nil {
			_ = response.Body.Close() // it was never read
		}
	}()
	return gaveUp(r)
}

func gaveUp(r *http.Request) error {
	return &url.Error{Op: r.Method, URL: r.URL.String(), Err: r.Context().Err()}
}

// answer is an error in the protocol of a service.
func answer(r *http.Request, service string, status int, code string) *http.Response {
	header := http.Header{}
	var body string
	switch service {
	case "s3":
		header.Set("Content-Type", "application/xml")
		body = fmt.Sprintf("<Error><Code>%s</Code><Message>%[1]s</Message></Error>", code)
	case "sns":
		header.Set("Content-Type", "text/xml")
		body = fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%[1]s</Message></Error></ErrorResponse>", code)
	default:
		header.Set("Content-Type", "application/json")
		header.Set("X-Amzn-Errortype", code)
		body = fmt.Sprintf(`{"__type":%q,"message":%[1]q}`, code)
	}
	if r.Method == http.MethodHead {
		body = ""
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
