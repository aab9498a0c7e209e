package retry

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAPageIsWhatOneRequestToSQSTakes(t *testing.T) {
	body := func(bytes int) message { return message{Body: strings.Repeat("b", bytes)} }
	cases := map[string]struct {
		all  []message
		want int
	}{
		"one message":                      {[]message{body(1)}, 1},
		"ten messages":                     {make([]message, 10), 10},
		"ten of more":                      {make([]message, 25), 10},
		"exactly a request's bytes":        {[]message{body(pageBytes - 1), body(1), body(1)}, 2},
		"one byte over":                    {[]message{body(pageBytes), body(1)}, 1},
		"one that is too large, by itself": {[]message{body(pageBytes + 1), body(1)}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, pageLength(c.all))
		})
	}
}
