package s3

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

const (
	xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"
	// maxXML bounds the body of a request that is XML; S3's own bound for
	// DeleteObjects with 1,000 long keys is in this range.
	maxXML = 4 << 20
	// isoTime is how S3 writes times in XML.
	isoTime = "2006-01-02T15:04:05.000Z"
)

// element is an XML element whose name is not known when compiling.
type element struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

func newElement(name, value string) element {
	return element{XMLName: xml.Name{Local: name}, Value: value}
}

func iso(t time.Time) string { return t.UTC().Format(isoTime) }

// xml answers with a document.
func (c *call) xml(status int, document any) {
	body, err := xml.Marshal(document)
	if err != nil { // a mistake in the document's type: any test of the operation sees it
		body = []byte("<Error><Code>InternalError</Code><Message>" + err.Error() + "</Message></Error>")
		status = http.StatusInternalServerError
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/xml")
	h.Set("Content-Length", strconv.Itoa(len(xml.Header)+len(body)))
	c.w.WriteHeader(status)
	_, _ = io.WriteString(c.w, xml.Header) // a client that is gone needs no answer
	_, _ = c.w.Write(body)
}

// readXML reads the request's verified body into document. Elements without a
// field in it are refused by name, because ignoring one would mean something
// else than the client asked for.
func (c *call) readXML(document any) error {
	claims, err := parseClaims(c.r)
	if err != nil {
		return err
	}
	if claims.length > maxXML {
		return fail(http.StatusBadRequest, "MaxMessageLengthExceeded", "Your request was too big.")
	}
	var body bytes.Buffer
	if _, err := claims.receive(c.r.Body, &body, unasked); err != nil {
		return err
	}
	return parseXML(body.Bytes(), document)
}

func parseXML(body []byte, document any) error {
	if err := xml.Unmarshal(body, document); err != nil {
		return malformedXML(err)
	}
	known := map[string]bool{}
	addElements(reflect.TypeOf(document), known)
	return walkElements(body, func(name string) error {
		if !known[name] {
			return notImplemented("the element %s", name)
		}
		return nil
	})
}

// addElements adds the names of all elements that t, a struct with xml tags or a
// pointer to one, has fields for.
func addElements(t reflect.Type, known map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("xml"), ",")
		if options == "any" { // the checksums of a part
			for _, a := range algorithms {
				known[a.element()] = true
			}
			continue
		}
		for element := range strings.SplitSeq(cmp.Or(name, field.Name), ">") {
			known[element] = true
		}
		addElements(field.Type, known)
	}
}

func walkElements(body []byte, visit func(name string) error) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("walk XML: %w", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := visit(start.Name.Local); err != nil {
				return err
			}
		}
	}
}
