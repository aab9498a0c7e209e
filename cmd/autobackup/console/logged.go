package console

import (
	"net/http"
	"slices"
	"time"

	"autobackup/cmd/autobackup/logged"
	"autobackup/internal/doctor"
)

// searching is how long the log is searched: as long as somebody waits for a page.
const searching = 20 * time.Second

// window is how far back the log may be searched.
type window struct {
	Name string // in addresses
	Of   string
	Long time.Duration
}

// windows are those that people choose from. The log groups keep lines for 90 days unless
// LogRetentionDays says otherwise.
var windows = []window{{"1h", "1 hour", time.Hour}, {"24h", "24 hours", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour}, {"90d", "90 days", 90 * 24 * time.Hour}}

// usual is the window of whoever has chosen none.
const usual = "24h"

// searchedData says which part of the log a page is about.
type searchedData struct {
	Window   string
	Windows  []window
	Searched logged.Searched
	Unread   *doctor.Unread // the log
}

// part is the part of the log that a request asks for, of which most lines are told.
func (c *console) part(r *http.Request, most int) (searchedData, logged.Part, error) {
	d := searchedData{Window: r.FormValue("window"), Windows: windows}
	if d.Window == "" {
		d.Window = usual
	}
	i := slices.IndexFunc(windows, func(w window) bool { return w.Name == d.Window })
	if i < 0 {
		return d, logged.Part{}, wrong("The log is searched for one of the windows that the page names.")
	}
	now := c.Now() // and what was logged in the same millisecond
	return d, logged.Part{Stage: c.Stage, From: now.Add(-windows[i].Long), To: now.Add(time.Millisecond), Within: searching, Most: most}, nil
}

// came keeps what a search came to.
func (d *searchedData) came(searched logged.Searched, err error) error {
	d.Searched = searched
	d.Unread, err = because(logged.Operation, err)
	return err
}
