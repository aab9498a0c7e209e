package sts_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/sts"
)

const account = "123456789012"

func TestCallersAreToldWhoTheyAreByTheKeyThatTheySignWith(t *testing.T) {
	g := gate.New(account)
	user, err := g.User("ops")
	require.NoError(t, err)
	for _, tt := range []struct {
		gate     *gate.Gate
		key, arn string
	}{
		{g, user.AccessKey(), "arn:aws:iam::" + account + ":user/ops"},
		{g, "ANY", "arn:aws:iam::" + account + ":root"},
		{nil, "ANY", "arn:aws:iam::" + account + ":root"},
	} {
		server := httptest.NewServer(&sts.Service{Account: account, NewID: func() string { return "id" }, Gate: tt.gate})
		defer server.Close()
		client := awssts.New(awssts.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider(tt.key, "secret", "")})
		out, err := client.GetCallerIdentity(t.Context(), nil)
		require.NoError(t, err)
		assert.Equal(t, tt.arn, aws.ToString(out.Arn))
		assert.Equal(t, account, aws.ToString(out.Account))
	}
}

func TestWhatSTSIsNotAskedForHereIsRefusedByName(t *testing.T) {
	s := &sts.Service{Account: account, NewID: func() string { return "id" }}
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=AssumeRole"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.ServeHTTP(recorder, request)
	assert.Equal(t, http.StatusNotImplemented, recorder.Code)
	assert.Contains(t, recorder.Body.String(), "serves GetCallerIdentity of sts, not AssumeRole")
}
