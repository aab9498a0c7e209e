package comparebytes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/s3error"
)

// manifest is what a Distributed Map writes about its result files
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html).
type manifest struct {
	DestinationBucket string
	ResultFiles       struct {
		Succeeded []struct{ Key string } `json:"SUCCEEDED"`
	}
}

// record is what a result file has of one child: its output is JSON in a string.
type record struct {
	Status string
	Output string
}

// conclude adds up all results of a Map Run. A file is read as a stream, one
// record at a time, so memory does not grow with the files. Files of failed
// children are not read: what failed and was not redriven has no result, and that
// is an error.
func (c Comparer) conclude(ctx context.Context, in Request) (Answer, error) {
	var m manifest
	if err := c.read(ctx, *in.Results, func(d *json.Decoder) error { return d.Decode(&m) }); err != nil {
		return Answer{}, err
	}
	all := newTally(*in.Plan)
	for _, file := range m.ResultFiles.Succeeded {
		err := c.read(ctx, Object{Bucket: m.DestinationBucket, Key: file.Key}, func(d *json.Decoder) error {
			return results(d, all.add)
		})
		if err != nil {
			return Answer{}, err
		}
	}
	return in.answer(all)
}

// read hands the object's content to decode. Content that breaks off is worth
// another try.
func (c Comparer) read(ctx context.Context, o Object, decode func(*json.Decoder) error) error {
	out, err := c.Store.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.Bucket, Key: &o.Key})
	if err != nil {
		return fmt.Errorf("read s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	err = errors.Join(decode(json.NewDecoder(out.Body)), out.Body.Close())
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = s3error.Transient(err)
	}
	if err != nil {
		return fmt.Errorf("read s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	return nil
}

// results hands every result in an array of records to add.
func results(d *json.Decoder, add func(RangeResult) error) error {
	if token, err := d.Token(); err != nil || token != json.Delim('[') {
		return errors.Join(err, errors.New("the results are not a JSON array"))
	}
	for d.More() {
		var child record
		if err := d.Decode(&child); err != nil {
			return fmt.Errorf("decode a record: %w", err)
		}
		if child.Status != "SUCCEEDED" {
			return fmt.Errorf("a record has the status %+.20q", child.Status)
		}
		var result RangeResult
		if err := json.Unmarshal([]byte(child.Output), &result); err != nil {
			return fmt.Errorf("decode the output of a child: %w", err)
		}
		if err := add(result); err != nil {
			return err
		}
	}
	_, err := d.Token() // the end of the array
	return err
}
