package attach

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// plain is a value as its JSON reads, so that what was read from a file and what was not
// compare alike.
func plain(v any) (read any) {
	content, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(content, &read)
	}
	if err != nil { // never: they are texts and numbers
		return err.Error()
	}
	return read
}

// differences are the places in which two values differ, each with both: members of objects
// by their names, and of lists by their numbers.
func differences(at string, planned, now any) (all []string) {
	if reflect.DeepEqual(planned, now) {
		return nil
	}
	a, b := members(planned), members(now)
	if len(a) == 0 || len(b) == 0 {
		return []string{fmt.Sprintf("%s: %s when planned, %s now", at, shown(planned), shown(now))}
	}
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		all = append(all, differences(strings.TrimPrefix(at+"."+name, "."), a[name], b[name])...)
	}
	return all
}

func members(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		all := map[string]any{}
		for i, one := range v {
			all[fmt.Sprint(i+1)] = one
		}
		return all
	}
	return nil
}

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	return encoded(v)
}
