package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"autobackup/internal/awsconfig"
	"autobackup/local/clock"
)

// awsConfig loads what a command calls AWS with. A region must be known; name begins what
// to do where none is. A shell that has talked to `autobackup serve` keeps its address in
// AWS_ENDPOINT_URL, so that a command says what it is about.
func awsConfig(ctx context.Context, region, name, about string, stderr io.Writer) (aws.Config, error) {
	return awsConfigOf(ctx, "", region, name, about, stderr)
}

// awsConfigOf is awsConfig with a profile; empty is the configuration's own.
func awsConfigOf(ctx context.Context, profile, region, name, about string, stderr io.Writer) (aws.Config, error) {
	cfg, err := awsconfig.Load(ctx, config.WithSharedConfigProfile(profile), config.WithRegion(region))
	if err != nil {
		return cfg, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, fmt.Errorf("no region is known: %s with --region or AWS_REGION", name)
	}
	if at := aws.ToString(cfg.BaseEndpoint); at != "" {
		if address, err := url.Parse(at); err == nil {
			at = address.Redacted() // without a password
		}
		_, err = fmt.Fprintf(stderr, "AWS_ENDPOINT_URL is set: this is about the %s at %s, not about AWS's.\n", about, at)
	}
	return cfg, err
}

// theirs is the time by the clock of the services that clients with a configuration call: what lies
// there is dated by that.
func theirs(cfg *aws.Config) func() time.Time {
	c := awsconfig.NewClock(clock.Real().Now)
	cfg.APIOptions = append(cfg.APIOptions, c.Hear)
	return c.Now
}
