package wire

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/s3error"
)

// reaching is the configuration of the clients of a function that calls AWS.
//
// `sam local invoke` hands a function the credentials of whoever types it. Such an
// invocation is a try, so it calls AWS_ENDPOINT_URL and nothing else: it never reads
// or tells of somebody's account by accident. It runs in a container, whose loopback
// is its own: what listens on this machine's is at host.docker.internal, by Docker
// Desktop or by samconfig.toml.
func reaching(cfg aws.Config, env func(string) string) (aws.Config, error) {
	if env("AWS_SAM_LOCAL") != "true" {
		return cfg, nil
	}
	const advice = "start the local stack with `go run ./cmd/autobackup serve` and set AWS_ENDPOINT_URL to the address that it prints"
	if aws.ToString(cfg.BaseEndpoint) == "" {
		return cfg, errors.New("this function calls AWS, and sam local invoke calls no account of yours: " + advice)
	}
	address, err := url.Parse(*cfg.BaseEndpoint)
	if err != nil || address.Host == "" {
		return cfg, errors.New("environment variable AWS_ENDPOINT_URL is no address like http://127.0.0.1:9400: " + advice)
	}
	if ip := net.ParseIP(address.Hostname()); address.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		address.Host = strings.TrimSuffix("host.docker.internal:"+address.Port(), ":")
		cfg.BaseEndpoint = aws.String(address.String())
	}
	return cfg, nil
}

// newS3 is a client of S3. Only S3 itself has a host name for each bucket: anywhere else, the
// bucket stands in the path.
func newS3(cfg aws.Config, options ...func(*s3.Options)) *s3.Client {
	return s3.NewFromConfig(cfg, append(options, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.APIOptions = append(o.APIOptions, s3error.OwnAnswers)
	})...)
}
