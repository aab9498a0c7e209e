// Package awsconfig loads the AWS configuration of every function and command, so that
// all their requests carry one name.
package awsconfig

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// AppID stands as app/autobackup in the user agent of every request, by which the owner of
// a bucket finds them in CloudTrail and in server access logs. It is a name that anybody
// may write, and no proof of who asked.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
const AppID = "autobackup"

// Load reads the environment and the shared files as the AWS CLI does. An AppID that they
// name is not taken: what owners look for stays the same whoever runs this.
func Load(ctx context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx, append(options, config.WithAppID(AppID))...)
}
