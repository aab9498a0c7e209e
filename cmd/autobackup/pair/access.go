package pair

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"autobackup/cmd/autobackup/identity"
	"autobackup/internal/awsconfig"
	"autobackup/internal/handler"
	"autobackup/internal/s3error"
)

// Access is how one side is reached. What is empty is as the AWS configuration says.
type Access struct {
	Profile    string
	Role       string // ARN of a role to assume
	ExternalID string
	Region     string // where to ask for the bucket's own region, or of a server that has none
	Endpoint   string // of another S3 than AWS's
}

const (
	// DefaultRegion is where buckets can be asked for in any account of the partition
	// aws; the answer names the bucket's own region.
	DefaultRegion = "us-east-1"
	// attempts is how often a call is made before it has failed. With the SDK's backoff,
	// eight span some two minutes: an audit of hours should not end by one of them.
	attempts = 8
)

// account is one side's configuration and who it belongs to.
type account struct {
	config aws.Config
	s3     *s3.Client
}

func connect(ctx context.Context, whose, flag string, a Access, o Options) (account, error) {
	if o.Config != nil {
		cfg := o.Config.Copy()
		cfg.Retryer = retryer
		return account{cfg, newS3(cfg, o.Pace)}, nil
	}
	options := []func(*config.LoadOptions) error{config.WithSharedConfigProfile(a.Profile), config.WithRetryer(retryer), config.WithAPIOptions(o.API)}
	if o.HTTP == nil {
		o.HTTP = network()
	}
	options = append(options, config.WithHTTPClient(o.HTTP))
	if a.Region != "" {
		options = append(options, config.WithRegion(a.Region))
	}
	if a.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(a.Endpoint))
	}
	cfg, err := awsconfig.Load(ctx, options...)
	if err != nil {
		return account{}, fmt.Errorf("load the AWS configuration for %s: %w", whose, err)
	}
	if cfg.Region == "" {
		cfg.Region = DefaultRegion
	}
	if a.Role != "" {
		cfg.Credentials = aws.NewCredentialsCache(assumed(cfg, a))
	}
	wanted := identity.Wanted{For: whose, Profile: a.Profile, Role: a.Role, Flag: flag}
	return account{cfg, newS3(cfg, o.Pace)}, identity.Check(ctx, cfg, wanted)
}

// answerTimeout is how long a server that took a request may take until its answer
// begins. S3 takes well under a second; what never answers is asked again.
const answerTimeout = time.Minute

// network is the functions' own, which keeps connections for many requests at once, but
// for requests that are never answered.
func network() aws.HTTPClient {
	return handler.HTTPClient().WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTimeout })
}

// session is how the role's session is named, so that CloudTrail tells who read.
const session = "autobackup-audit"

func assumed(cfg aws.Config, a Access) aws.CredentialsProvider {
	return stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), a.Role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = session
		o.Duration = time.Hour
		if a.ExternalID != "" {
			o.ExternalID = &a.ExternalID
		}
	})
}

func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.RateLimiter = noQuota{} // the Pace bounds what is asked, retries included
	})
}

// newS3 is a client whose every attempt keeps to the pace. Only S3 itself has a host
// name for each bucket: anywhere else, the bucket stands in the path.
func newS3(cfg aws.Config, pace *Pace) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // a byte of an object has no checksum: nobody needs a line for each
		o.APIOptions = append(o.APIOptions, pace.middleware, s3error.OwnAnswers)
		if o.BaseEndpoint != nil {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(noProxy, "false"))
		}
	})
}

// noProxy tells MinIO to answer for itself. Without it, a server asks its replication's
// target for a version that it lacks, and hands that out as its own.
const noProxy = "X-Minio-Source-Proxy-Request"

// caller is who the side's credentials are: the account and the ARN; empty where STS
// does not tell, as on most servers that are not AWS.
func (a account) caller(ctx context.Context) (accountID, callerARN string) {
	ctx, cancel := context.WithTimeout(ctx, callerTimeout)
	defer cancel()
	out, err := sts.NewFromConfig(a.config, func(o *sts.Options) { o.RetryMaxAttempts = 1 }).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", ""
	}
	return aws.ToString(out.Account), aws.ToString(out.Arn)
}

// callerTimeout is short because who asks is told in the report, and needed for nothing.
const callerTimeout = 10 * time.Second
