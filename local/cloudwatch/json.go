package cloudwatch

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"

	"autobackup/local/wire"
)

// target begins the X-Amz-Target of requests in JSON, which the aws CLI sends.
const target = "GraniteServiceVersion20100801."

// serveJSON answers a request in JSON as the same one in CBOR.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
func (s *Service) serveJSON(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", s.NewID())
	answer, err := s.answerJSON(r)
	if err != nil {
		e := wire.From(err, "InternalServiceFault")
		w.WriteHeader(e.Status)
		answer = map[string]any{"__type": "com.amazonaws.cloudwatch#" + e.Name(), "message": e.Message}
	}
	_ = json.NewEncoder(w).Encode(answer) // the client has gone away
}

func (s *Service) answerJSON(r *http.Request) (any, error) {
	var members map[string]any
	if err := json.NewDecoder(io.LimitReader(r.Body, largestAsk)).Decode(&members); err != nil {
		return nil, wire.Invalid("SerializationException", "the body is no object of JSON: %v", err)
	}
	same := r.Clone(r.Context())
	same.URL.Path = path + strings.TrimPrefix(r.Header.Get("X-Amz-Target"), target)
	same.Header.Set("Smithy-Protocol", protocol)
	same.Body = io.NopCloser(bytes.NewReader(cbor.Encode(toCBOR(members))))
	answer, err := s.answer(same)
	return fromCBOR(answer), err
}

// toCBOR is a value of JSON in CBOR. The kinds of JSON are few, and what comes is checked by
// whoever reads it.
func toCBOR(value any) cbor.Value {
	switch value := value.(type) {
	case map[string]any:
		all := cbor.Map{}
		for name, one := range value {
			all[name] = toCBOR(one)
		}
		return all
	case []any:
		all := cbor.List{}
		for _, one := range value {
			all = append(all, toCBOR(one))
		}
		return all
	case string:
		return cbor.String(value)
	case bool:
		return cbor.Bool(value)
	case float64:
		if value >= 0 && value == math.Trunc(value) && value < 1<<53 {
			return cbor.Uint(value)
		}
		return cbor.Float64(value)
	}
	return &cbor.Nil{}
}

// fromCBOR is a value of CBOR for JSON: a time is its seconds.
func fromCBOR(value cbor.Value) any {
	switch value := value.(type) {
	case cbor.Map:
		all := map[string]any{}
		for name, one := range value {
			all[name] = fromCBOR(one)
		}
		return all
	case cbor.List:
		all := []any{}
		for _, one := range value {
			all = append(all, fromCBOR(one))
		}
		return all
	case *cbor.Tag:
		return fromCBOR(value.Value)
	case cbor.String:
		return string(value)
	case cbor.Bool:
		return bool(value)
	case cbor.Uint:
		return uint64(value)
	case cbor.Float64:
		return float64(value)
	}
	return nil
}
