package asl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// itemReader reads the items of a distributed Map from an object.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
type itemReader struct {
	parameters expression // Bucket, Key and VersionId
	lines      bool       // JSONL, not JSON
	most       expression // MaxItems; nil for all
}

const (
	getObject     = "arn:aws:states:::s3:getObject"
	listObjects   = "arn:aws:states:::s3:listObjectsV2"
	mostMaxItems  = 100_000_000
	maxItemsField = "MaxItems"
)

func loadItemReader(o *object) *itemReader {
	value, there := o.take("ItemReader")
	if !there {
		return nil
	}
	r := o.open(o.path("ItemReader"), "ItemReader", value)
	switch arn := r.required("Resource"); arn {
	case getObject, "":
	case listObjects:
		r.fail("Resource", "not supported: %s", unsupported["Resource s3:listObjectsV2"])
	default:
		r.fail("Resource", "must be %s, not '%s'", getObject, arn)
	}
	reader := &itemReader{parameters: r.names("ItemReader.Parameters", []string{"Bucket", "Key"}, []string{"VersionId"})}
	reader.config(r)
	r.done()
	return reader
}

func (reader *itemReader) config(o *object) {
	value, there := o.take("ReaderConfig")
	if !there {
		o.fail("ReaderConfig", "is missing")
		return
	}
	c := o.open(o.path("ReaderConfig"), "ReaderConfig", value)
	if why, refused := unsupported["InputType "+c.text("InputType")]; refused {
		c.fail("InputType", "not supported: %s", why)
	} else {
		reader.lines = c.oneOf("InputType", "JSON", "JSONL") == "JSONL"
	}
	reader.most = c.quantity(maxItemsField, 0, mostMaxItems)
	c.done()
}

// names reads Parameters that hold nothing but names, each as it is or with
// ".$".
func (o *object) names(kind string, required, optional []string) expression {
	value, there := o.take("Parameters")
	if !there {
		o.fail("Parameters", "is missing")
		return same
	}
	p := o.open(o.path("Parameters"), kind, value)
	for _, name := range required {
		if !p.has(name) && !p.has(name+".$") {
			p.fail(name, "is missing")
		}
	}
	for _, name := range append(required, optional...) {
		p.take(name + ".$")
		if p.has(name) {
			p.required(name)
		}
	}
	p.done()
	return o.template(o.path("Parameters"), value)
}

// location is where an object lies, or objects do.
type location struct {
	Bucket, Key, Version, Prefix string
	Most                         int64 // items to read; 0 for all, negative for a mistake
}

// locate computes Parameters that were read by names.
func locate(parameters expression, sc *scope, effective any) (l location, err error) {
	value, err := parameters(sc, effective)
	if err != nil {
		return l, err
	}
	for name, value := range value.(map[string]any) { // the loader takes nothing else
		text, ok := value.(string)
		if !ok || text == "" && name != "Prefix" {
			return l, failure(Runtime, "%s must be a string that is not empty, not %s.", name, excerpt(value))
		}
		*map[string]*string{"Bucket": &l.Bucket, "Key": &l.Key, "VersionId": &l.Version, "Prefix": &l.Prefix}[name] = text
	}
	return l, nil
}

// location is the object to read; nothing where there is no reader.
func (reader *itemReader) location(sc *scope, effective any) (l location, err error) {
	if reader == nil {
		return l, nil
	}
	if l, err = locate(reader.parameters, sc, effective); err != nil || reader.most == nil {
		return l, err
	}
	value, err := reader.most(sc, effective)
	if err != nil {
		return l, err
	}
	n, ok := whole(value)
	if !ok {
		return l, failure(Runtime, "The MaxItemsPath field refers to value \"%s\" which is not a valid integer.", excerpt(value))
	}
	l.Most = min(n, mostMaxItems)
	return l, nil
}

// source gives one item after the other, then io.EOF.
type source func() (any, error)

// open opens the object with the items.
func (reader *itemReader) open(v *visit, l location) (io.ReadCloser, error) {
	if l.Most < 0 { // only now: AWS recorded a Map Run that starts, and fails
		return nil, &Error{Name: ItemReaderFailed, Cause: "field MaxItems must be positive"}
	}
	if v.given.Objects == nil {
		return nil, &Error{Name: ItemReaderFailed, Cause: "this execution was given no objects to read"}
	}
	body, err := v.given.Objects.Get(v.ctx, l.Bucket, l.Key, l.Version)
	if err != nil {
		return nil, &Error{Name: ItemReaderFailed, Cause: err.Error()}
	}
	return body, nil
}

// items reads items as they are asked for, at most so many; 0 for all.
func (reader *itemReader) items(body io.Reader, most int64) source {
	if reader.lines {
		return fromLines(body).upTo(most)
	}
	return fromArray(body).upTo(most)
}

func fromList(list []any) source {
	return func() (any, error) {
		if len(list) == 0 {
			return nil, io.EOF
		}
		item := list[0]
		list = list[1:]
		return item, nil
	}
}

// fromArray reads a JSON array.
func fromArray(body io.Reader) source {
	dec := json.NewDecoder(bufio.NewReader(body))
	dec.UseNumber()
	begun := false
	return func() (item any, err error) {
		if !begun {
			begun = true
			if token, err := dec.Token(); err != nil || token != json.Delim('[') {
				return nil, unreadable("Attempting to map over non-iterable node.", err)
			}
		}
		if dec.More() {
			err = dec.Decode(&item)
			return item, unreadable("", err)
		}
		if _, err := dec.Token(); err != nil { // the closing bracket
			return nil, unreadable("", err)
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, unreadable("Something follows the array of items.", nil)
		}
		return nil, io.EOF
	}
}

// fromLines reads one JSON value from each line.
func fromLines(body io.Reader) source {
	lines := bufio.NewReader(body)
	return func() (any, error) {
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, unreadable("", err)
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				item, err := decode(line)
				return item, unreadable("", err)
			}
			if err != nil {
				return nil, io.EOF
			}
		}
	}
}

// unreadable is why the items can't be read: what went wrong where something
// did, or the cause, if there is one.
func unreadable(cause string, err error) error {
	switch {
	case err != nil:
		cause = fmt.Sprintf("The items are not JSON: %v.", err)
	case cause == "":
		return nil
	}
	return &Error{Name: ItemReaderFailed, Cause: cause}
}

// past leaves out the first n items.
func (s source) past(n int64) source {
	return func() (any, error) {
		for ; n > 0; n-- {
			if _, err := s(); err != nil {
				return nil, err
			}
		}
		return s()
	}
}

// upTo ends after n items; 0 for all.
func (s source) upTo(n int64) source {
	if n == 0 {
		return s
	}
	return func() (any, error) {
		if n == 0 {
			return nil, io.EOF
		}
		n--
		return s()
	}
}
