// Package serve runs the two stacks on this machine, for people to try, and for other
// programs to talk to: the aws CLI, and functions that `sam local invoke` runs in containers.
package serve

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"autobackup/cmd/autobackup/console"
	"autobackup/cmd/autobackup/functions"
	"autobackup/cmd/autobackup/watch"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/samconfig"
	"autobackup/local/template"
)

// account is the one that `sam local invoke` takes where no credentials tell another.
const account = "123456789012"

// Options say what to serve where.
type Options struct {
	Project  string    // folder of the templates
	Listen   string    // address, with a port; 0 is a free one
	Page     string    // address of the page, as Listen
	Fast     bool      // waits and delays pass at once
	Dir      string    // folder to keep everything in, which is made; empty: nothing is kept
	In       io.Reader // what is typed: keys of a terminal, lines of anything else
	Out      io.Writer // gets the first screen, and what comes of everything
	Progress io.Writer
}

// Run builds the functions, deploys replica.yaml and template.yaml as
// samconfig.toml says, and serves them until ctx ends. What was
// uploaded, and all that came of it, goes with it, unless Options.Dir keeps it.
func Run(ctx context.Context, o Options) (err error) {
	environments, err := o.environments()
	if err != nil {
		return err
	}
	listeners, err := listen(ctx, o.Listen) // before the build, which takes a while
	if err != nil {
		return err
	}
	defer func() {
		for _, l := range listeners {
			_ = l.Close() // it is closed already, where it was served
		}
	}()
	page, err := console.Open(ctx, "--page", o.Page)
	if err != nil {
		return err
	}
	defer func() { _ = page.Close() }() // as the listeners
	folder, err := o.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.close()) }()
	if _, err := fmt.Fprintln(o.Progress, "Building the functions ..."); err != nil {
		return err
	}
	code, err := functions.BuildInto(ctx, o.Project, folder.code())
	if err != nil {
		return err
	}
	return serve(ctx, o, environments, code, listeners, page, folder)
}

// environments are those of both stacks, in the order in which they are deployed.
func (o Options) environments() (all []samconfig.Environment, err error) {
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(o.Project, name)
		if err != nil {
			return nil, err
		}
		all = append(all, environment)
	}
	return all, nil
}

func serve(ctx context.Context, o Options, environments []samconfig.Environment, code lambda.Code, listeners []net.Listener, page *console.Page, folder folder) (err error) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx)) // Close ends the stack, in order
	defer stop()
	clk := o.clock(running)
	if err := folder.times(clk); err != nil {
		return err
	}
	watcher := watch.New(clk)
	stack, err := local.Start(running, local.Config{
		Clock: clk, Project: o.Project, Dir: folder.dir, Store: folder.Store, Account: account, Seed: seed(), URL: reached(listeners[0]), Runtime: code.Run, Sum: code.Sum,
		History: watcher.Event, Known: watcher.Known, KeepHistory: true,
	})
	if err != nil {
		return err
	}
	s := newScreen(o.Out, clk)
	watcher.Settled, stack.SNS.Mailed = s.verdict, s.mail
	troubles := newTroubles(stack, s)
	primary, err := deploy(stack, environments)
	if err != nil {
		return errors.Join(err, stack.Close())
	}
	s.stage = primary.Parameters["Stage"]
	at := at{URL: stack.URL, Region: environments[1].Region}
	server := &http.Server{Handler: guard(at.beside(stack)), ReadHeaderTimeout: time.Minute}
	defer func() { err = errors.Join(err, stack.Close(), server.Close()) }()
	goesOn := clk.Work() // no jump to what comes first of a part, before the others know what they wait for
	defer goesOn()
	if err := folder.load(stack); err != nil {
		return err
	}
	for _, l := range listeners {
		go server.Serve(l) //nolint:errcheck // always ErrServerClosed
	}
	shown := make(chan error, 1)
	looking, look := context.WithCancel(running)
	go func() {
		shown <- page.Serve(looking, stack.AWSConfig(at.Region), console.Options{Stage: s.stage, Now: clk.Now, Actions: true})
	}()
	defer func() { look(); err = errors.Join(err, <-shown) }() // before what it asks ends
	if err := s.first(o, at, page.URL, environments, primary, stack.Outbox()); err != nil {
		return err
	}
	if err := stack.Resume(); err != nil {
		return err
	}
	goesOn()
	ctx = folder.whileWritten(ctx)
	if !o.Fast { // which would jump from one time of a schedule to the next
		stack.Minutes(ctx, s.failed)
	}
	updates := &updates{ctx: ctx, o: o, stack: stack, screen: s, folder: folder}
	defer updates.running.Wait()
	return keys(ctx, o.In, s, updates.or(troubles.press))
}

// clock is the stacks', until ctx ends.
func (o Options) clock(ctx context.Context) *clock.Clock {
	if o.Fast {
		return clock.Skipping(ctx)
	}
	return clock.Real()
}

// deploy deploys all environments, and answers the last one's stack.
func deploy(stack *local.Stack, environments []samconfig.Environment) (last *template.Stack, err error) {
	for _, environment := range environments {
		if last, err = stack.Deploy(environment, nil); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// aBucket is one that uploads are validated in; empty where the stack has none.
func aBucket(primary *template.Stack) string {
	category, _, _ := strings.Cut(primary.Parameters["Categories"], ",")
	if category != "" {
		category = "autobackup-" + primary.Parameters["Stage"] + "-primary-" + category + "-" + account
	}
	existing, _, _ := strings.Cut(primary.Parameters["Buckets"], ",")
	return cmp.Or(category, existing)
}

// seed makes the ids of each run others: what somebody noted in one means nothing else
// in the next.
func seed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}
