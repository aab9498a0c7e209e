// Package identity finds out whether there are credentials before anything is asked
// with them: an error of the call that first lacks them names neither who lacks them nor
// what to do.
package identity

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go"

	"autobackup/internal/s3error"
)

// Wanted is whose credentials are looked for, and where.
type Wanted struct {
	For     string // who needs them, as "the primary docs"
	Profile string // that was named; empty: AWS_PROFILE's or the default one
	Role    string // that is assumed with them
	Flag    string // option that names a profile; empty where there is none
}

// Check looks for the credentials of a configuration, and says what to do where there
// are none.
func Check(ctx context.Context, cfg aws.Config, w Wanted) error {
	if cfg.Credentials == nil {
		return errors.New(w.none())
	}
	_, err := cfg.Credentials.Retrieve(ctx)
	var call *smithy.OperationError
	switch {
	case err == nil || ctx.Err() != nil:
		return ctx.Err()
	case last(err):
		return errors.New(w.none())
	case errors.As(err, &call) && s3error.Status(err) != 0:
		err = errors.New(s3error.Explain(call.Operation(), err) + s3error.Message(err))
	}
	if w.Role != "" {
		return fmt.Errorf("assume the role %s for %s: %w: check what the role trusts, its external id, and who you are with aws sts get-caller-identity", w.Role, w.For, err)
	}
	return fmt.Errorf("find credentials for %s: %w: %s", w.For, err, w.next())
}

// Denied says whether an answer refuses the credentials themselves, which no permission
// mends, and what to do then.
func Denied(err error) (next string, is bool) {
	switch s3error.Code(err) {
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException":
		return Again, true
	}
	return "", false
}

// Again is what to do where credentials are refused.
const Again = "check the credentials with aws sts get-caller-identity, or log in again, as with aws sso login"

func (w Wanted) none() string {
	return fmt.Sprintf("find credentials for %s: there are none in the environment, in the profile %s or on this machine: %s", w.For, w.profile(), w.next())
}

func (w Wanted) profile() string {
	for _, name := range []string{w.Profile, os.Getenv("AWS_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return "default"
}

func (w Wanted) next() string {
	with := "AWS_PROFILE"
	if w.Flag != "" {
		with = w.Flag + " or AWS_PROFILE"
	}
	return "name a profile that has some with " + with + ", or log in, as with aws sso login --profile NAME"
}

// last says whether the metadata of an EC2 instance were asked in vain: they are what
// the SDK tries last, and on other machines the error tells of nothing else.
func last(err error) bool {
	for err != nil {
		var call *smithy.OperationError
		if !errors.As(err, &call) {
			return false
		}
		if call.Service() == imds.ServiceID {
			return true
		}
		err = call.Unwrap()
	}
	return false
}

// Unknown says what to do where GetCallerIdentity failed. Without an answer the credentials are
// not to blame: a region that is mistyped has no such host.
func Unknown(err error) string {
	if s3error.Status(err) == 0 {
		return "see that the region's name is right, and that AWS can be reached from here"
	}
	return Again
}
