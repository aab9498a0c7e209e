package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	auditing "autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/listing"
	"autobackup/local/testing/minio"
)

// noRate is as many requests a second as the servers bear.
const noRate = 1_000_000

// audit audits the small objects, its folder and its report included.
func (w *world) audit(level audit.Level) func(context.Context, sides) (time.Duration, error) {
	return func(ctx context.Context, at sides) (taken time.Duration, err error) {
		folder, err := os.MkdirTemp("", "autobackup-bench-audit-")
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		for name, value := range map[string]string{
			"AWS_ACCESS_KEY_ID": minio.AccessKey, "AWS_SECRET_ACCESS_KEY": minio.SecretKey, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		} {
			if err := os.Setenv(name, value); err != nil {
				return 0, err
			}
		}
		start := w.clock.Now()
		result, err := auditing.Run(ctx, auditing.Options{
			Plan: auditing.Plan{
				Started: start.Add(day), Primary: bucket, Replicas: []string{replicaBucket}, Prefix: small, Level: level, FailOn: auditing.Fails(), Deadline: time.Hour, MarkerDeadline: time.Hour,
				From: pair.Access{Endpoint: at.primary.URL, Region: at.primary.Region}, To: pair.Access{Endpoint: at.replica.URL, Region: at.replica.Region},
			},
			Folder: folder, MaxRate: noRate, Workers: 16, Watch: auditing.Unwatched{}, Clock: w.clock.Now, Budget: auditing.Budget{Agreed: true},
			Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
		if err != nil {
			return 0, err
		}
		taken = w.clock.Now().Sub(start)
		if r := result.Reports[0]; r.Exit != 0 || r.Listed != int64(len(w.small)) {
			err = fmt.Errorf("the audit lists %d of %d versions: %s", r.Listed, len(w.small), r.Result)
		}
		return taken, err
	}
}

const day = 24 * time.Hour

// list lists both sides, one page after the other, and drops the rows.
func (w *world) list(ctx context.Context, at sides) (time.Duration, error) {
	start := w.clock.Now()
	var both errgroup.Group
	clients := at.pair()
	for name, server := range map[string]*minio.Server{bucket: at.primary, replicaBucket: at.replica} {
		both.Go(func() error {
			rows := listing.Lister{Client: clients[name], Bucket: name, Region: server.Region, Prefix: small}.Rows(ctx, "", "")
			defer rows.Close()
			for n := 0; ; n++ {
				if _, ok, err := rows.Next(); err != nil || !ok {
					if err == nil && n != len(w.small) {
						err = fmt.Errorf("%d of %d versions are listed", n, len(w.small))
					}
					return err
				}
			}
		})
	}
	err := both.Wait()
	return w.clock.Now().Sub(start), err
}
