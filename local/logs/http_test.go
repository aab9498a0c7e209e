package logs_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
)

// served is a service with a group of five lines, over HTTP, and its client.
func served(t *testing.T) (*logs.Service, *cloudwatchlogs.Client) {
	s := logs.New(clock.Real())
	s.Account, s.NewID = account, func() string { return "id" }
	_, err := deploy(t, s, 0)
	require.NoError(t, err)
	for i, line := range []string{`{"a":"x","n":1}`, "no JSON", `{"a":"y"}`, `{"a":"x","n":2}`, `{"b":{"a":"x"}}`} {
		require.NoError(t, s.As(gate.Caller{}).Put(group, "stream "+strconv.Itoa(i), line))
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, cloudwatchlogs.New(cloudwatchlogs.Options{Region: region, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")})
}

func TestAGroupIsFilteredByOneMemberAndPageByPage(t *testing.T) {
	s, client := served(t)
	read := func(in cloudwatchlogs.FilterLogEventsInput) (lines []string, pages int) {
		in.LogGroupName = aws.String(name)
		for {
			out, err := client.FilterLogEvents(t.Context(), &in)
			require.NoError(t, err)
			pages++
			for _, e := range out.Events {
				assert.Positive(t, aws.ToInt64(e.Timestamp))
				lines = append(lines, *e.LogStreamName+": "+*e.Message)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return lines, pages
			}
		}
	}
	lines, pages := read(cloudwatchlogs.FilterLogEventsInput{})
	assert.Len(t, lines, 5)
	assert.Equal(t, 1, pages)
	x := cloudwatchlogs.FilterLogEventsInput{FilterPattern: aws.String(`{ $.a = "x" }`)}
	lines, _ = read(x)
	assert.Equal(t, []string{`stream 0: {"a":"x","n":1}`, `stream 3: {"a":"x","n":2}`}, lines)
	s.Looked = 1
	lines, pages = read(x)
	assert.Len(t, lines, 2)
	assert.Equal(t, 5, pages, "of which three are empty")
	s.Looked = 0
	x.Limit = aws.Int32(1)
	lines, pages = read(x)
	assert.Len(t, lines, 2)
	assert.Equal(t, 3, pages)
	at := s.Lines(group)[0].Time.UnixMilli()
	lines, _ = read(cloudwatchlogs.FilterLogEventsInput{EndTime: aws.Int64(at - 1)})
	assert.Empty(t, lines, "before the first")
	lines, _ = read(cloudwatchlogs.FilterLogEventsInput{StartTime: aws.Int64(at), EndTime: aws.Int64(at)})
	assert.NotEmpty(t, lines, "both ends belong to it")
	lines, _ = read(cloudwatchlogs.FilterLogEventsInput{StartTime: aws.Int64(s.Lines(group)[4].Time.UnixMilli() + 1)})
	assert.Empty(t, lines, "behind the last")
}

func TestAPatternMayHaveSeveralMembersAndTextsThatOthersBeginWith(t *testing.T) {
	s, client := served(t)
	for _, line := range []string{`{"a":"xy","b":"1"}`, `{"a":"xy","b":"12"}`, `{"a":"x","b":"1"}`} {
		require.NoError(t, s.As(gate.Caller{}).Put(group, "stream", line))
	}
	for pattern, want := range map[string][]string{
		`{ $.a = "x*" }`:                          {`{"a":"x","n":1}`, `{"a":"x","n":2}`, `{"a":"xy","b":"1"}`, `{"a":"xy","b":"12"}`, `{"a":"x","b":"1"}`},
		`{ ($.a = "xy") && ($.b = "1") }`:         {`{"a":"xy","b":"1"}`},
		`{ ($.a = "x*") && ($.b = "1*") }`:        {`{"a":"xy","b":"1"}`, `{"a":"xy","b":"12"}`, `{"a":"x","b":"1"}`},
		`{($.a = "xy")&&($.b = "12")&&($.c="*")}`: nil,
		`{ ($.a = "y") }`:                         {`{"a":"y"}`},
	} {
		out, err := client.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(name), FilterPattern: &pattern})
		require.NoError(t, err)
		var found []string
		for _, e := range out.Events {
			found = append(found, *e.Message)
		}
		assert.Equal(t, want, found, pattern)
	}
}

func TestWhatIsNotServedIsRefusedByName(t *testing.T) {
	_, client := served(t)
	for said, in := range map[string]cloudwatchlogs.FilterLogEventsInput{
		"does not support the filter pattern [a, b]":                     {LogGroupName: aws.String(name), FilterPattern: aws.String("[a, b]")},
		`does not support the filter pattern { $.a = "*x" }`:             {LogGroupName: aws.String(name), FilterPattern: aws.String(`{ $.a = "*x" }`)},
		`does not support the filter pattern { $.a = "x" && $.b = "y" }`: {LogGroupName: aws.String(name), FilterPattern: aws.String(`{ $.a = "x" && $.b = "y" }`)},
		`in at most 1024 characters`:                                     {LogGroupName: aws.String(name), FilterPattern: aws.String(`{ $.a = "` + strings.Repeat("x", 1020) + `" }`)},
		"it does not support the parameter \"logStreamNamePrefix\"":      {LogGroupName: aws.String(name), LogStreamNamePrefix: aws.String("a")},
		"ResourceNotFoundException: The specified log group":             {LogGroupName: aws.String("/other")},
		`nextToken "x" or limit 0 is none`:                               {LogGroupName: aws.String(name), NextToken: aws.String("x")},
		`nextToken "6" or limit 0 is none`:                               {LogGroupName: aws.String(name), NextToken: aws.String("6")},
		`nextToken "" or limit 10001 is none`:                            {LogGroupName: aws.String(name), Limit: aws.Int32(10001)},
	} {
		_, err := client.FilterLogEvents(t.Context(), &in)
		assert.ErrorContains(t, err, said)
	}
	_, err := client.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	assert.ErrorContains(t, err, "the local stack does not support DescribeLogGroups")
}

func TestWhoFiltersNeedsThePermissionOfTheGroup(t *testing.T) {
	s, client := served(t)
	g := gate.New(account)
	s.Gate = g
	as := func(resource string) error {
		user, err := g.User("ops", map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": resource}})
		require.NoError(t, err)
		_, err = client.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(name)}, func(o *cloudwatchlogs.Options) {
			o.Credentials = credentials.NewStaticCredentialsProvider(user.AccessKey(), "secret", "")
		})
		return err
	}
	require.NoError(t, as(group+":*"))
	require.ErrorContains(t, as(group+"-other:*"), "AccessDeniedException")
}
