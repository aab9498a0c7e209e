package identity_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/identity"
)

// nobody is an environment in which no credentials are.
func nobody(t *testing.T) {
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func loaded(t *testing.T, options ...func(*config.LoadOptions) error) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), append(options, config.WithRegion("eu-central-1"))...)
	require.NoError(t, err)
	return cfg
}

func TestWhoHasNoCredentialsIsToldWhereTheyWereLookedForAndWhatToDo(t *testing.T) {
	nobody(t)
	cfg := loaded(t)
	const rest = "there are none in the environment, in the profile default or on this machine: name a profile that has some with "
	assert.EqualError(t, identity.Check(t.Context(), cfg, identity.Wanted{For: "the replica copy", Flag: "--replica-profile"}),
		"find credentials for the replica copy: "+rest+"--replica-profile or AWS_PROFILE, or log in, as with aws sso login --profile NAME")
	assert.EqualError(t, identity.Check(t.Context(), aws.Config{}, identity.Wanted{For: "your account"}),
		"find credentials for your account: "+rest+"AWS_PROFILE, or log in, as with aws sso login --profile NAME")
	t.Setenv("AWS_PROFILE", "theirs")
	assert.ErrorContains(t, identity.Check(t.Context(), cfg, identity.Wanted{}), "in the profile theirs or")
	assert.ErrorContains(t, identity.Check(t.Context(), cfg, identity.Wanted{Profile: "mine"}), "in the profile mine or")
}

func TestARoleWithoutCredentialsToAssumeItIsNoMatterOfTheRole(t *testing.T) {
	nobody(t)
	cfg := loaded(t)
	cfg.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), "arn:aws:iam::111122223333:role/r")
	assert.ErrorContains(t, identity.Check(t.Context(), cfg, identity.Wanted{For: "the primary docs", Role: "r"}), "find credentials for the primary docs: there are none")
}

// refusing is STS that refuses every call.
type refusing struct{}

func (refusing) Do(r *http.Request) (*http.Response, error) {
	body := `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>you are not authorized</Message></Error></ErrorResponse>`
	return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestARoleThatMayNotBeAssumedIsNamedWithSTSsAnswer(t *testing.T) {
	cfg := aws.Config{Region: "eu-central-1", HTTPClient: refusing{}, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
	cfg.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), "arn:aws:iam::111122223333:role/r")
	assert.EqualError(t, identity.Check(t.Context(), cfg, identity.Wanted{For: "the replica copy", Role: "arn:aws:iam::111122223333:role/r"}),
		"assume the role arn:aws:iam::111122223333:role/r for the replica copy: AssumeRole answered 403 AccessDenied: you are not authorized: check what the role trusts, its external id, and who you are with aws sts get-caller-identity")
}

func TestAnyOtherCauseIsTold(t *testing.T) {
	cfg := aws.Config{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("the SSO session has expired")
	})}
	assert.EqualError(t, identity.Check(t.Context(), cfg, identity.Wanted{For: "the primary docs", Flag: "--profile"}),
		"find credentials for the primary docs: the SSO session has expired: name a profile that has some with --profile or AWS_PROFILE, or log in, as with aws sso login --profile NAME")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	assert.ErrorIs(t, identity.Check(ctx, cfg, identity.Wanted{}), context.Canceled)
	cfg.Credentials = credentials.NewStaticCredentialsProvider("id", "secret", "")
	assert.NoError(t, identity.Check(t.Context(), cfg, identity.Wanted{}))
}

func TestCredentialsThatAreRefusedAreNotTakenForAPermissionThatIsMissing(t *testing.T) {
	for code, want := range map[string]bool{"InvalidAccessKeyId": true, "ExpiredToken": true, "SignatureDoesNotMatch": true, "AccessDenied": false, "SlowDown": false} {
		next, is := identity.Denied(&smithy.GenericAPIError{Code: code})
		assert.Equal(t, want, is, code)
		assert.Equal(t, want, next != "", code)
	}
}
