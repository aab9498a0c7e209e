package serve

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"autobackup/cmd/autobackup/functions"
	"autobackup/internal/text"
	"autobackup/local"
)

// updates have the stacks that run go on with what samconfig.toml, the templates and the code
// are now.
type updates struct {
	ctx    context.Context //nolint:containedctx // its end ends a build: no key waits for one
	o      Options
	stack  *local.Stack
	screen *screen
	folder folder

	busy    atomic.Bool
	running sync.WaitGroup
}

// or has a key begin an update, and hands on the others.
func (u *updates) or(press func(key byte)) func(key byte) {
	return func(key byte) {
		if key == 'u' {
			u.press()
			return
		}
		press(key)
	}
}

// press begins an update, which takes as long as building the functions does.
func (u *updates) press() {
	if !u.busy.CompareAndSwap(false, true) {
		u.screen.say("an update is under way")
		return
	}
	u.screen.say("reading samconfig.toml, templates and definitions, and building the functions ...")
	u.running.Go(func() {
		defer u.busy.Store(false)
		change, err := u.update()
		if u.ctx.Err() == nil {
			u.screen.say("%s", told(change, err))
		}
	})
}

func (u *updates) update() (c local.Change, err error) {
	environments, err := u.o.environments()
	if err != nil {
		return c, err
	}
	code, err := functions.BuildInto(u.ctx, u.o.Project, u.folder.code())
	if err != nil {
		return c, err
	}
	return u.stack.Change(u.ctx, environments, code)
}

// told says what came of an update.
func told(c local.Change, err error) string {
	var parts []string
	for _, part := range []struct {
		what string
		ids  []string
	}{{"changed", c.Changed}, {"new", c.New}, {"gone", c.Gone}} {
		if len(part.ids) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s (%s)", len(part.ids), part.what, text.Shorten(strings.Join(part.ids, ", "), 200)))
		}
	}
	what := strings.Join(parts, ", ")
	switch {
	case err != nil && what == "":
		return fmt.Sprintf("not updated, the stacks go on as they were: %v", err)
	case err != nil:
		return fmt.Sprintf("updated in part: %s, and then: %v (what is updated stays: mend that, and press u again)", what, err)
	case what == "":
		return "nothing to update: the stacks are as samconfig.toml, the templates and the code have them"
	}
	return "updated: " + what
}
