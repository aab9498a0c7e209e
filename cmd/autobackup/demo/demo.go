// Package demo runs the main job on one machine with the deployed templates,
// definition and function binaries, and reports what became of every object.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"autobackup/cmd/autobackup/watch"
	"autobackup/local"
	"autobackup/local/clock"
)

// Options say what to run.
type Options struct {
	Project string // folder of the templates
	Dir     string // upload the files below it; empty: the samples
	// Parameters of the templates, by name, instead of those in samconfig.toml.
	Parameters map[string]string
	Keep       string    // folder to keep the e-mails in; empty: they are only printed
	Progress   io.Writer // gets a progress display if it is a terminal
}

// run is one demo.
type run struct {
	Options
	stack   *local.Stack
	clock   *clock.Clock
	watcher *watch.Watcher
	pair    pair
	display *display

	objects []*object
	unread  []Unread
}

// Run deploys both regions, uploads, waits until every message is settled, and
// reports. Its error says why the demo could not be run at all.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := keepable(o.Keep); err != nil { // before the build, which takes a while
		return nil, err
	}
	folder, err := os.MkdirTemp("", "autobackup-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the demo's data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r := &run{Options: o, clock: clock.Skipping(ctx), display: newDisplay(o.Progress)}
	defer r.display.Stop()
	r.watcher = watch.New(r.clock)
	closeStack, err := r.deploy(ctx, folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeStack()) }()
	// S3 has tested its way to the failure queue at the deployment. Until that is
	// done it would share a window with what the samples bring.
	if err := r.stack.WaitIdle(ctx); err != nil {
		return nil, fmt.Errorf("wait for the deployment: %w", err)
	}
	if err := r.upload(ctx); err != nil {
		return nil, err
	}
	if err := r.wait(ctx); err != nil {
		return nil, fmt.Errorf("wait for the validations: %w", err)
	}
	r.display.Stop()
	if err := keep(r.stack.Outbox(), o.Keep); err != nil {
		return nil, err
	}
	return r.report()
}

// vain is how long, by the stack's clock, nothing but failures may come: more than a message
// takes to its dead-letter queue, and than lies between two e-mails.
const vain = time.Hour

// wait waits until everything that was sent has come to its end. What may not be told is
// tried again and again, so it ends, too, where deliveries failed for a while, and nothing
// else came: the report tells of them.
func (r *run) wait(ctx context.Context) error {
	for range patience / vain {
		before := r.came()
		bounded, stop := r.stack.Clock.WithTimeout(ctx, vain)
		err := r.stack.WaitIdle(bounded)
		late := bounded.Err() != nil
		stop()
		if err == nil || ctx.Err() != nil || !late {
			return err
		}
		after := r.came()
		_, running := r.stack.States.UnderWay()
		if failed := after.failures > before.failures; failed && !running && after.executions == before.executions && after.mails == before.mails {
			return nil
		}
	}
	return nil
}

// came counts what has come of everything so far.
func (r *run) came() (n struct{ executions, mails, failures int }) {
	n.executions, n.mails = len(r.stack.States.Executions()), len(r.stack.SNS.Published())
	for _, u := range r.stack.Undelivered() {
		n.failures += u.Times
	}
	return n
}

// keepable refuses a folder for the e-mails in which they would lie among others.
func keepable(folder string) error {
	if folder == "" {
		return nil
	}
	inside, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("keep the e-mails: %w (name an empty folder, or one that is not there)", err)
	case len(inside) > 0:
		return fmt.Errorf("keep the e-mails: %s holds something: name an empty folder, or one that is not there", folder)
	}
	return nil
}

// keep copies the outbox, which goes with the demo's folder.
func keep(outbox, folder string) error {
	if _, err := os.Stat(outbox); folder == "" || errors.Is(err, fs.ErrNotExist) { // no e-mail, no outbox
		return nil
	}
	if err := os.CopyFS(folder, os.DirFS(outbox)); err != nil {
		return fmt.Errorf("keep the e-mails: %w (name an empty folder, or one that is not there)", err)
	}
	return nil
}
