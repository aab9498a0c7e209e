package console

import (
	"net/http"

	"autobackup/cmd/autobackup/logged"
)

// mailsAtOnce is how many e-mails are shown. Each has up to 32 KiB.
const mailsAtOnce = 50

// mailsData is what the page of e-mails shows.
type mailsData struct {
	searchedData
	All []logged.Mail
}

// mails are the copies that the sender keeps in its log.
func (c *console) mails(r *http.Request) (any, int, error) {
	searched, part, err := c.part(r, mailsAtOnce)
	d := mailsData{searchedData: searched}
	if err != nil {
		return nil, 0, err
	}
	all, came, err := logged.Mails(r.Context(), c.cfg, part)
	d.All = all
	return d, 0, d.came(came, err)
}
