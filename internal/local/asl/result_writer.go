package asl

import (
	"errors"
	"io"
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

// open begins the results of one Map Run: in objects, or as an array where
// there is no writer.
func (w *resultWriter) open(r *mapRun, sc *scope, effective any) (results, error) {
	if w == nil {
		return &inState{}, nil
	}
	l, err := locate(w.parameters, sc, effective)
	if err != nil {
		return nil, err
	}
	if l.prefix != "" && !strings.HasSuffix(l.prefix, "/") {
		l.prefix += "/"
	}
	return &inObjects{mapRun: r, writer: w, bucket: l.bucket, prefix: l.prefix + r.id + "/", files: map[string]*resultFile{}}, nil
}

// inObjects writes results to S3 as they come, one object for each status.
type inObjects struct {
	*mapRun
	writer *resultWriter
	bucket string
	prefix string // of the keys, with the Map Run's id
	files  map[string]*resultFile
}

// resultFile is an object that is being written.
type resultFile struct {
	key  string
	pipe *io.PipeWriter
	size int64
	done chan struct{} // closed when the object is stored, or is not
	err  error         // why it is not; from then on
}

func (o *inObjects) add(c *child) error {
	status, transformation := "FAILED", "NONE" // as those that timed out or were stopped
	if c.result.Status == types.ExecutionStatusSucceeded {
		status, transformation = "SUCCEEDED", o.writer.transformation
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
	return o.write("PENDING", encode(map[string]any{"Input": s.text, "InputDetails": included, "Status": "PENDING"}))
}

// write adds to the object of a status.
func (o *inObjects) write(status, record string) error {
	f := o.files[status]
	separator := ","
	if f == nil {
		f, separator = o.create(o.prefix+status+"_0.json"), "["
		o.files[status] = f
	}
	return f.write(separator + record)
}

func (o *inObjects) create(key string) *resultFile {
	body, pipe := io.Pipe()
	f := &resultFile{key: key, pipe: pipe, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.err = errNoObjects
		if o.given.Objects != nil {
			f.err = o.given.Objects.Put(o.ctx, o.bucket, key, body)
		}
		_ = body.CloseWithError(f.err) // never fails
	}()
	return f
}

func (f *resultFile) write(text string) error {
	n, err := io.WriteString(f.pipe, text)
	f.size += int64(n)
	return writing(err)
}

// close writes the last of the object, and waits until it is stored.
func (f *resultFile) close(last string) error {
	_ = f.write(last)  // an error comes from Put, which tells it again
	_ = f.pipe.Close() // never fails
	<-f.done
	return writing(f.err)
}

var errNoObjects = errors.New("this execution was given no objects to write to")

func writing(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Name: ResultWriterFailed, Cause: err.Error()}
}

// close ends the objects and adds the manifest that names them.
func (o *inObjects) close() (any, error) {
	var failed error
	lists := map[string]any{}
	for _, status := range []string{"FAILED", "PENDING", "SUCCEEDED"} {
		lists[status] = []any{}
		f := o.files[status]
		if f == nil {
			continue
		}
		if err := f.close("]"); failed == nil {
			failed = err
		}
		lists[status] = []any{map[string]any{"Key": f.key, "Size": f.size}}
	}
	if failed != nil {
		return nil, failed
	}
	manifest := o.create(o.prefix + "manifest.json")
	if err := manifest.close(encode(map[string]any{"DestinationBucket": o.bucket, "MapRunArn": o.info.ARN, "ResultFiles": lists})); err != nil {
		return nil, err
	}
	return map[string]any{"MapRunArn": o.info.ARN,
		"ResultWriterDetails": map[string]any{"Bucket": o.bucket, "Key": manifest.key}}, nil
}

// discard leaves no object of what is not complete.
func (o *inObjects) discard() {
	for _, f := range o.files {
		_ = f.pipe.CloseWithError(errStopped) // never fails
		<-f.done
	}
}
