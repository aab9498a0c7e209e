package doctor

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"autobackup/internal/doctor"
	"autobackup/internal/text"
)

// history asks CloudTrail who changed the buckets of which something is not as it must be. It
// keeps events of 90 days without anybody having set it up. Where it may not be asked, nothing
// else is less known, so that this is no finding.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
func (r *run) history(ctx context.Context, report *doctor.Report) error {
	for i := range report.Findings {
		f := &report.Findings[i]
		if f.Trail == nil {
			continue
		}
		found, err := r.newest(ctx, *f.Trail)
		if err != nil {
			why, err := unread("LookupEvents", err)
			if err != nil {
				return err
			}
			report.History = why.Why
			if why.Grant != "" {
				report.History += " (grant " + text.Line(why.Grant, 100) + ")"
			}
			return nil
		}
		f.Changed = found
	}
	return nil
}

// pages are as many as are read of a bucket's events, of 50 each: CloudTrail answers two
// requests a second.
const pages = 4

// newest is the newest of the events that is on the trail; nil: none is.
func (r *run) newest(ctx context.Context, trail doctor.Trail) (*doctor.Change, error) {
	cfg := r.cfg.Copy()
	cfg.Region = trail.Region
	all := cloudtrail.NewLookupEventsPaginator(cloudtrail.NewFromConfig(cfg), &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: &trail.Bucket}},
	})
	for n := 0; n < pages && all.HasMorePages(); n++ {
		page, err := all.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, event := range page.Events { // the newest first
			if !slices.Contains(trail.Events, aws.ToString(event.EventName)) {
				continue
			}
			if c := changed(event); c != nil {
				return c, nil
			}
		}
	}
	return nil, nil
}

// changed is an event as the report has it; nil: it was refused, and changed nothing.
func changed(event types.Event) *doctor.Change {
	var whole struct {
		UserIdentity struct {
			ARN string `json:"arn"`
		} `json:"userIdentity"`
		Refused string `json:"errorCode"`
	}
	_ = json.Unmarshal([]byte(aws.ToString(event.CloudTrailEvent)), &whole) // without it, the user's name is told
	if whole.Refused != "" {
		return nil
	}
	c := &doctor.Change{Event: aws.ToString(event.EventName), By: whole.UserIdentity.ARN}
	if c.By == "" {
		c.By = aws.ToString(event.Username)
	}
	if event.EventTime != nil {
		c.At = event.EventTime.UTC().Format(time.RFC3339)
	}
	return c
}
