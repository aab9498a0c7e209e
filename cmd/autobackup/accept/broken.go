package accept

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"autobackup/internal/text"
)

// broken says for people where a file is not as it must be, and what to do.
func broken(content []byte, err error) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		where, name := place(syntax.JSONPointer)
		return fmt.Errorf("%s%s stands there twice: leave one", where, name)
	case errors.As(err, &syntax):
		line := 1 + bytes.Count(content[:min(int(syntax.ByteOffset), len(content))], []byte("\n"))
		return fmt.Errorf("line %d: it is not JSON: %w: mend it, or take the file from version control", line, syntax.Err)
	case errors.As(err, &meaning):
		where, name := place(meaning.JSONPointer)
		return errors.New(where + wrong(meaning, name))
	}
	return err
}

// wrong says what is not understood, and what would be.
func wrong(e *json.SemanticError, name string) string {
	switch {
	case errors.Is(e, json.ErrUnknownName):
		return name + " is no name that is known: mend or delete it; known are accepted, and in an entry primary, replica, reason, prefix, key, versionId, why, who, at and until"
	case e.GoType.String() == "time.Time":
		return name + " is no time: write one such as " + time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
	case e.GoType.Kind().String() == "string":
		return name + " must be a text, between quotation marks"
	}
	return name + ` has another form than {"accepted": [{"primary": …}, …]}: mend it, or take the file from version control`
}

// place reads where something is: in which entry, and its name. Entries count from 1.
func place(at jsontext.Pointer) (where, name string) {
	name = "the file"
	if last := at.LastToken(); at != "" {
		name = text.Quoted(last, maxShown)
	}
	parts := strings.Split(string(at), "/")
	if len(parts) < 3 || parts[1] != "accepted" {
		return "", name
	}
	if i, err := strconv.Atoi(parts[2]); err == nil {
		where = fmt.Sprintf("entry %d: ", i+1)
	}
	if len(parts) == 3 {
		name = "it"
	}
	return where, name
}

// maxShown bounds what an error shows of a name, in bytes.
const maxShown = 100
