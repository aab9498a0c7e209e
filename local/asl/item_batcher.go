package asl

import (
	"errors"
	"io"
	"strings"
)

// itemBatcher puts several items into one child.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
type itemBatcher struct {
	items, bytes expression // MaxItemsPerBatch and MaxInputBytesPerBatch; nil for none
	input        expression // BatchInput; nil for none
}

const mostPerBatch = longestWait

func loadItemBatcher(o *object) *itemBatcher {
	value, there := o.take("ItemBatcher")
	if !there {
		return nil
	}
	c := o.open(o.path("ItemBatcher"), "ItemBatcher", value)
	b := &itemBatcher{
		items: c.quantity("MaxItemsPerBatch", 1, mostPerBatch),
		bytes: c.quantity("MaxInputBytesPerBatch", 1, sizeLimit),
	}
	if b.items == nil && b.bytes == nil {
		c.problem(c.at, "must have MaxItemsPerBatch or MaxInputBytesPerBatch, or their Path forms")
	}
	if c.has("BatchInput") {
		b.input = c.payload("BatchInput")
		if _, ok := c.fields["BatchInput"].(map[string]any); !ok {
			c.fail("BatchInput", "must be an object, not %s", typeName(c.fields["BatchInput"]))
		}
	}
	c.done()
	return b
}

// quantity reads a whole number, or with Path where to find it; nil where
// neither is there.
func (o *object) quantity(field string, least, most int64) expression {
	return o.orPath(field, func() any { return integer(o.count(field, least, most, least)) })
}

// orPath reads a field that may stand with Path instead; nil where neither is
// there.
func (o *object) orPath(field string, literal func() any) expression {
	if o.has(field) && o.has(field+"Path") {
		o.problem(o.at, "must have only one of %s and %sPath", field, field)
		o.take(field + "Path")
	}
	if o.has(field) {
		return literally(literal())
	}
	if o.has(field + "Path") {
		return o.expressionAt(field+"Path", reference)
	}
	return nil
}

// plan is how the items of one Map Run are put together.
type plan struct {
	Items int64  // of a batch; 0 where each item is a child's input
	Bytes int64  // of a batch, all included
	Head  string // `{"BatchInput":{...},"Items":[`
}

func (b *itemBatcher) plan(sc *scope, effective any) (p plan, err error) {
	if b == nil {
		return p, nil
	}
	p = plan{Items: mostPerBatch, Bytes: sizeLimit, Head: `{"Items":[`}
	if b.items != nil {
		if p.Items, err = positive("MaxItemsPerBatch", b.items, sc, effective, mostPerBatch); err != nil {
			return p, err
		}
	}
	if b.bytes != nil {
		if p.Bytes, err = positive("MaxInputBytesPerBatch", b.bytes, sc, effective, sizeLimit); err != nil {
			return p, err
		}
	}
	if b.input != nil {
		value, err := b.input(sc, effective)
		if err != nil {
			return p, err
		}
		p.Head = `{"BatchInput":` + encode(value) + `,"Items":[`
	}
	return p, nil
}

func positive(what string, e expression, sc *scope, effective any, most int64) (int64, error) {
	value, err := e(sc, effective)
	if err != nil {
		return 0, err
	}
	n, ok := whole(value)
	if !ok || n < 1 || n > most {
		return 0, failure(Runtime, "%s must be a whole number from 1 to %d, not %s.", what, most, excerpt(value))
	}
	return n, nil
}

// share is what one child gets.
type share struct {
	text  string // its input as JSON
	items int64
}

// shares puts items together as planned. items gives them as JSON; held is what was
// read, but for the next batch.
func (p plan) shares(items func() (string, error), held *string) func() (share, error) {
	if p.Items == 0 {
		return func() (share, error) {
			text, err := items()
			return share{text: text, items: 1}, err
		}
	}
	return func() (share, error) {
		var texts []string
		for size := int64(len(p.Head) + len("]}")); int64(len(texts)) < p.Items; {
			if *held == "" {
				text, err := items()
				if errors.Is(err, io.EOF) && len(texts) > 0 {
					break
				}
				if err != nil {
					return share{}, err
				}
				*held = text
			}
			size += int64(len(*held) + min(1, len(texts)))
			if size > p.Bytes && len(texts) > 0 {
				break
			}
			if size > p.Bytes {
				return share{}, &Error{Name: DataLimitExceeded, Cause: "An item alone is larger than a batch may be."}
			}
			texts = append(texts, *held)
			*held = ""
		}
		return share{text: p.Head + strings.Join(texts, ",") + "]}", items: int64(len(texts))}, nil
	}
}
