package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/s3error"
)

// Stage is the audits of a deployed stage, as people ask for them.
type Stage struct {
	Name   string
	Config aws.Config // of the primary stack's region
	// where is the account and its partition, once it is known.
	where arn.ARN
}

func (s *Stage) account(ctx context.Context) error {
	if s.where.AccountID != "" {
		return nil
	}
	out, err := sts.NewFromConfig(s.Config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("find the account of the stage %s: %s", s.Name, s3error.Explain("GetCallerIdentity", err)+s3error.Message(err))
	}
	s.where, err = arn.Parse(aws.ToString(out.Arn))
	return err
}

// Start has the stage audit what the input names, or all of its buckets, and gives the
// execution's ARN.
func (s *Stage) Start(ctx context.Context, in Input) (string, error) {
	if err := in.check(); err != nil {
		return "", err
	}
	if err := s.account(ctx); err != nil {
		return "", err
	}
	text, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	machine := arn.ARN{
		Partition: s.where.Partition, Service: "states", Region: s.Config.Region, AccountID: s.where.AccountID, Resource: "stateMachine:autobackup-audit-" + s.Name,
	}.String()
	out, err := sfn.NewFromConfig(s.Config).StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &machine, Input: aws.String(string(text))})
	var absent *types.StateMachineDoesNotExist
	switch {
	case errors.As(err, &absent):
		return "", fmt.Errorf("start an audit of the stage %s: it makes none in %s: deploy it with AuditLevel=rest, or audit from here with autobackup audit s3://BUCKET", s.Name, s.Config.Region)
	case err != nil:
		return "", fmt.Errorf("start an audit of the stage %s: %s", s.Name, s3error.Explain("StartExecution", err)+s3error.Message(err))
	}
	return aws.ToString(out.ExecutionArn), nil
}

// Ended is the last audit of a bucket that has a report.
type Ended struct {
	Summary
	Time   time.Time `json:"time"` // when it ended
	Level  string    `json:"level"`
	folder shelf
}

// Last are the last audits of the stage's buckets, or of one of them.
func (s *Stage) Last(ctx context.Context, bucket string) ([]Ended, error) {
	if err := s.account(ctx); err != nil {
		return nil, err
	}
	all := shelf{newWork(s.Config), "autobackup-" + s.Name + "-work-" + s.where.AccountID, auditsFolder}
	names := []string{bucket}
	if bucket == "" {
		var err error
		if names, err = all.folders(ctx); err != nil {
			return nil, s.unread(all, err)
		}
	}
	var ended []Ended
	for _, name := range names {
		last, err := last(ctx, all.in(name))
		if err != nil {
			return nil, s.unread(all, err)
		}
		if last != nil {
			ended = append(ended, *last)
		}
	}
	if len(ended) == 0 {
		return nil, fmt.Errorf("find the last audit of the stage %s%s: none has ended: autobackup audit --stage %s starts one", s.Name, onBucket(bucket), s.Name)
	}
	return ended, nil
}

func onBucket(bucket string) string {
	if bucket == "" {
		return ""
	}
	return ", of " + bucket
}

// unread says what to do where the working bucket can't be read.
func (s *Stage) unread(of shelf, err error) error {
	switch s3error.Status(err) {
	case http.StatusNotFound:
		return fmt.Errorf("find the last audit of the stage %s: there is no bucket %s: name the stage, and the region of its primary stack", s.Name, of.bucket)
	case http.StatusForbidden:
		return fmt.Errorf("find the last audit of the stage %s: grant s3:ListBucket and s3:GetObject on %s, below %s: %s", s.Name, of.bucket, auditsFolder, s3error.Message(err))
	}
	return err
}

// last is the last audit of a bucket whose report is complete; nil: there is none.
func last(ctx context.Context, of shelf) (*Ended, error) {
	names, err := of.folders(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(names)
	for _, name := range names {
		there := of.in(name)
		e := Ended{folder: there}
		switch _, err := there.get(ctx, summaryFile, &e.Summary); {
		case errors.Is(err, errAbsent):
			continue
		case err != nil:
			return nil, err
		}
		var r struct{ Reports []audit.Report }
		if _, err := there.get(ctx, reportFolder+"/"+report.JSONFile, &r); err != nil || len(r.Reports) == 0 {
			return nil, err
		}
		e.Time, e.Level = r.Reports[0].Ended, string(r.Reports[0].Level)
		return &e, nil
	}
	return nil, nil
}

// Copy copies the files of an audit's report into a folder, and reads it.
func (e Ended) Copy(ctx context.Context, folder string) ([]audit.Report, error) {
	var r struct{ Reports []audit.Report }
	if _, err := e.folder.get(ctx, reportFolder+"/"+report.JSONFile, &r); err != nil {
		return nil, err
	}
	if folder == "" {
		return r.Reports, nil
	}
	if err := os.MkdirAll(folder, dirPerm); err != nil {
		return nil, fmt.Errorf("copy the report: %w", err)
	}
	body, _, err := e.folder.read(ctx, reportFolder+"/"+report.SumsFile, "")
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // read only
	names, err := report.Sums(body)
	if err != nil {
		return nil, fmt.Errorf("copy the report: %w", err)
	}
	for _, name := range append(names, report.SumsFile) {
		if err := e.folder.download(ctx, reportFolder+"/"+name, filepath.Join(folder, name)); err != nil {
			return nil, fmt.Errorf("copy the report: %w", err)
		}
	}
	return r.Reports, nil
}
