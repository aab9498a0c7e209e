package pair

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/cmd/autobackup/identity"
	"autobackup/internal/audit"
	"autobackup/internal/listing"
	"autobackup/internal/s3error"
	"autobackup/internal/verdict"
)

// Side is one bucket, as it was read.
type Side struct {
	audit.SideReport
	Client      *s3.Client
	config      aws.Config
	replication []types.ReplicationRule
	lifecycle   []types.LifecycleRule
	hidden      bool // the bucket may have lifecycle rules, and they were not to be read

	asking     sync.Mutex
	hidesLocks map[string]error // by kind: why no lock shows; nil where they do
}

// bucketKey stands behind an encryption that asks AWS KMS seldom.
const bucketKey = " with bucket keys"

// unknown stands for what could not be read.
const unknown = "unknown"

// read asks for what the report tells of a bucket and what its versions are judged
// by. What may not be read, or what the server does not have, is told in Unread, and
// explains nothing. Any other error ends the reading: a report would call what a lost
// connection hid unexplained.
func read(ctx context.Context, a account, bucket, region, endpoint string) (*Side, error) {
	s := &Side{SideReport: audit.SideReport{Bucket: bucket, Region: region, Endpoint: endpoint}, Client: a.s3, config: a.config}
	s.Account, s.Caller = a.caller(ctx)
	var versioning, encryption, replication, lifecycle error
	s.Versioning, versioning = s.ask("s3:GetBucketVersioning", func() (string, error) { return s.versioning(ctx) })
	s.Encryption, encryption = s.ask("s3:GetEncryptionConfiguration", func() (string, error) { return s.encryption(ctx) })
	_, replication = s.ask(rulesAction, func() (string, error) { return "", s.rules(ctx) })
	_, lifecycle = s.ask("s3:GetLifecycleConfiguration", func() (string, error) {
		err := s.expirations(ctx)
		s.hidden = err != nil && s3error.Status(err) != http.StatusNotImplemented
		return "", err
	})
	return s, cmp.Or(versioning, encryption, replication, lifecycle)
}

func (s *Side) ask(action string, answer func() (string, error)) (string, error) {
	value, err := answer()
	if err == nil {
		return value, nil
	}
	if spent := (errSpent{}); errors.As(err, &spent) {
		return "", spent
	}
	if !refused(err) {
		next, is := identity.Denied(err)
		if !is {
			next = "try again"
		}
		return "", fmt.Errorf("read the configuration of the bucket %s: %s%s: %s", s.Bucket, s3error.Explain(action, err), s3error.Message(err), next)
	}
	why := s3error.Explain(action, err)
	if s3error.Found(err) == verdict.Denied {
		why += ": grant " + action + " on " + s.Bucket
	}
	s.Unread = append(s.Unread, why)
	return unknown, nil
}

// refused says whether an error is the server's last word for these credentials.
func refused(err error) bool {
	if _, is := identity.Denied(err); is {
		return false
	}
	switch s3error.Code(err) {
	case "RequestExpired", "RequestTimeTooSkewed", "NoSuchBucket":
		return false
	}
	switch status := s3error.Status(err); status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return false
	case http.StatusNotImplemented:
		return true
	default:
		return status/100 == 4
	}
}

// rulesAction is what reading the replication rules takes.
const rulesAction = "s3:GetReplicationConfiguration"

// unread is why what an action reads could not be read; empty where it could.
func (s *Side) unread(action string) string {
	i := slices.IndexFunc(s.Unread, func(why string) bool { return strings.HasPrefix(why, action) })
	if i < 0 {
		return ""
	}
	return s.Unread[i]
}

// Config is what asks other services in the side's region, as who reads the side.
func (s *Side) Config() aws.Config {
	cfg := s.config.Copy()
	cfg.Region = s.Region
	return cfg
}

func (s *Side) in() func(*s3.Options) {
	return func(o *s3.Options) { o.Region = s.Region }
}

func (s *Side) versioning(ctx context.Context) (string, error) {
	out, err := s.Client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.Bucket}, s.in())
	switch {
	case err != nil:
		return "", err
	case out.Status == "":
		return "never", nil
	default:
		return string(out.Status), nil
	}
}

// encryption is the bucket's default, for objects that were uploaded without one of
// their own.
func (s *Side) encryption(ctx context.Context) (string, error) {
	out, err := s.Client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &s.Bucket}, s.in())
	if s3error.Code(err) == "ServerSideEncryptionConfigurationNotFoundError" {
		return "none", nil
	}
	if err != nil {
		return "", err
	}
	for _, r := range out.ServerSideEncryptionConfiguration.Rules {
		if r.ApplyServerSideEncryptionByDefault != nil {
			return string(r.ApplyServerSideEncryptionByDefault.SSEAlgorithm) + map[bool]string{true: bucketKey}[aws.ToBool(r.BucketKeyEnabled)], nil
		}
	}
	return "none", nil
}

func (s *Side) rules(ctx context.Context) error {
	out, err := s.Client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &s.Bucket}, s.in())
	if s3error.Code(err) == "ReplicationConfigurationNotFoundError" {
		return nil
	}
	if err != nil || out.ReplicationConfiguration == nil {
		return err
	}
	s.replication = out.ReplicationConfiguration.Rules
	s.Replication, err = json.Marshal(s.replication)
	return err
}

func (s *Side) expirations(ctx context.Context) error {
	out, err := s.Client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &s.Bucket}, s.in())
	if s3error.Code(err) == "NoSuchLifecycleConfiguration" {
		return nil
	}
	if err != nil {
		return err
	}
	s.lifecycle = out.Rules
	s.Lifecycle, err = json.Marshal(s.lifecycle)
	return err
}

// locate finds the bucket's region, which every answer about it names, also one that
// refuses.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func locate(ctx context.Context, a account, bucket string) (string, error) {
	out, err := a.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if named := s3error.Header(err).Get("x-amz-bucket-region"); named != "" {
		return named, nil
	}
	switch {
	case err == nil:
		return cmp.Or(aws.ToString(out.BucketRegion), a.config.Region), nil
	case s3error.Status(err) == http.StatusNotFound:
		return "", fmt.Errorf("find the bucket %s: it does not exist", bucket)
	case s3error.Status(err) == http.StatusBadRequest: // a HEAD shows no code
		return "", errors.New("find the bucket " + bucket + ": " + s3error.Explain("HeadBucket", err) + ", as where the credentials have expired: " + identity.Again)
	case s3error.Status(err) == http.StatusForbidden: // of a server that is not AWS's, which names the region here, too
		return "", errors.New("find the bucket " + bucket + ": " + s3error.Explain("HeadBucket", err) + ": " + identity.Again + ", and see that they may list the bucket")
	default:
		return "", errors.New("find the bucket " + bucket + ": " + s3error.Explain("HeadBucket", err))
	}
}

// Lister lists the side's keys with a prefix.
func (s *Side) Lister(prefix string) listing.Lister {
	return listing.Lister{Client: s.Client, Bucket: s.Bucket, Region: s.Region, Prefix: prefix}
}

// Has says whether audit.OnPrimary or audit.OnReplica lists a version of a key now.
func (p *Pair) Has(ctx context.Context, side, key, version string) (bool, error) {
	of := p.Primary
	if side == audit.OnReplica {
		of = p.Replica
	}
	return of.Lister(key).Has(ctx, key, version)
}
