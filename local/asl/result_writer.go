package asl

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// resultWriter says where and how the results of a distributed Map are written.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
type resultWriter struct {
	parameters     expression // Bucket and Prefix
	transformation string
}

const putObject = "arn:aws:states:::s3:putObject"

func loadResultWriter(o *object) *resultWriter {
	value, there := o.take("ResultWriter")
	if !there {
		return nil
	}
	c := o.open(o.path("ResultWriter"), "ResultWriter", value)
	if arn := c.required("Resource"); arn != "" && arn != putObject {
		c.fail("Resource", "must be %s, not '%s'", putObject, arn)
	}
	w := &resultWriter{parameters: c.names("ResultWriter.Parameters", []string{"Bucket"}, []string{"Prefix"}), transformation: "NONE"}
	if value, there := c.take("WriterConfig"); there {
		config := c.open(c.path("WriterConfig"), "WriterConfig", value)
		w.transformation = config.oneOf("Transformation", "NONE", "COMPACT", "FLATTEN")
		if kind := config.oneOf("OutputType", "JSON", "JSONL"); kind == "JSONL" {
			config.fail("OutputType", "not supported: %s", unsupported["OutputType JSONL"])
		}
		config.done()
	}
	c.done()
	return w
}

// place is where the results of one Map Run go; nowhere without a writer.
func (w *resultWriter) place(sc *scope, effective any) (l location, err error) {
	if w == nil {
		return l, nil
	}
	if l, err = locate(w.parameters, sc, effective); err == nil && l.Prefix != "" && !strings.HasSuffix(l.Prefix, "/") {
		l.Prefix += "/"
	}
	return l, err
}

// open begins the results of one Map Run: in objects, or as an array where
// there is no writer.
func (w *resultWriter) open(r *mapRun) results {
	if w == nil {
		return &inState{mapRun: r}
	}
	return &inObjects{mapRun: r, writer: w, files: map[string]*spool{}}
}

// inObjects writes results to S3, one object for each status. Until the Map Run
// ends they lie in files, so that the Map Run can go on in another process.
type inObjects struct {
	*mapRun
	writer *resultWriter
	files  map[string]*spool
}

func (o *inObjects) add(c *child) error {
	status, transformation := failedObject, "NONE" // as those that timed out or were stopped
	if c.result.Status == types.ExecutionStatusSucceeded {
		status, transformation = succeededObject, o.writer.transformation
	}
	record := c.transformed(transformation)
	if record == "" {
		return nil
	}
	if err := o.write(status, record); err != nil {
		return err
	}
	o.count(func(n *Counts, by int64) { n.ResultsWritten += by }, c.share)
	return nil
}

func (o *inObjects) pending(s share) error {
	return o.write(pendingObject, encode(map[string]any{"Input": s.text, "InputDetails": included, "Status": "PENDING"}))
}

// The objects of a Map Run, and the files that they come from.
const (
	succeededObject = "SUCCEEDED"
	failedObject    = "FAILED"
	pendingObject   = "PENDING"
)

// write adds to the object of a status.
func (o *inObjects) write(status, record string) error {
	if o.given.Objects == nil {
		return writing(errNoObjects)
	}
	if o.files[status] == nil {
		o.files[status] = o.spool(status)
	}
	separator := ","
	if o.files[status].size == 0 {
		separator = "["
	}
	return writing(o.files[status].write(separator + record))
}

var errNoObjects = errors.New("this execution was given no objects to write to")

func writing(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Name: ResultWriterFailed, Cause: err.Error()}
}

// close stores the objects, and then the manifest that names them.
func (o *inObjects) close() (any, error) {
	lists := map[string]any{}
	for _, status := range []string{failedObject, pendingObject, succeededObject} {
		lists[status] = []any{}
		f := o.files[status]
		if f == nil {
			continue
		}
		key := o.key(status + "_0.json")
		body, size, err := f.ended("]")
		if err == nil {
			err = o.given.Objects.Put(o.ctx, o.place.Bucket, key, body)
		}
		if err != nil {
			return nil, writing(err)
		}
		lists[status] = []any{map[string]any{"Key": key, "Size": size}}
	}
	if o.given.Objects == nil {
		return nil, writing(errNoObjects)
	}
	manifest := encode(map[string]any{"DestinationBucket": o.place.Bucket, "MapRunArn": o.info.ARN, "ResultFiles": lists})
	if err := o.given.Objects.Put(o.ctx, o.place.Bucket, o.key("manifest.json"), strings.NewReader(manifest)); err != nil {
		return nil, writing(err)
	}
	return map[string]any{"MapRunArn": o.info.ARN,
		"ResultWriterDetails": map[string]any{"Bucket": o.place.Bucket, "Key": o.key("manifest.json")}}, nil
}

func (o *inObjects) key(name string) string { return o.place.Prefix + o.id + "/" + name }

// release lets go of the files. What they hold stays: a redriven Map Run adds to it.
func (o *inObjects) release() {
	for _, f := range o.files {
		f.release()
	}
}
