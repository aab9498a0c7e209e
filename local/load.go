package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"autobackup/local/store"
	"autobackup/local/template"
)

// format is that of the records. A program that writes others has a higher one.
const format = 1

// keptStacks is the kind of records that say what was deployed, by region and name of the stack.
// What the folder is of is in the record without a name.
const (
	keptStacks = "stacks"
	keptFolder = "folder"
)

type keptFolderOf struct {
	Format  int
	Account string
}

// keptResource is a resource that was deployed.
type keptResource struct {
	LogicalID, Type string
	Reference       string
	Attributes      map[string]string `json:",omitempty"`
	Properties      json.RawMessage
}

// CheckStore refuses the store of another account, and that of a program that knows more.
func CheckStore(from *store.Store, account string) error {
	return store.Each(from, keptFolder, func(_ string, k keptFolderOf) error {
		switch {
		case k.Format > format:
			return fmt.Errorf("a newer version of this program wrote it: use that, or another folder")
		case k.Account != account:
			return fmt.Errorf("it is of account %s, not of %s: name another folder", k.Account, account)
		}
		return nil
	})
}

// Load makes the services what those of another stack with the same store were. It comes after
// the templates of now are deployed, and refuses what deploying them over the other stack would
// have replaced. Until Resume nothing that was under way goes on.
func (s *Stack) Load() error {
	if err := CheckStore(s.Store, s.Account); err != nil {
		return err
	}
	same, err := s.compare()
	if err != nil {
		return err
	}
	s.S3.OnNotification = s.notify
	for _, load := range []func() error{
		func() error { return s.S3.Load(s.Store, same) },
		func() error { return s.SQS.Load(s.Store) },
		func() error { return s.SNS.Load(s.Store) },
		func() error { return s.Logs.Load(s.Store) },
	} {
		if err := load(); err != nil {
			return err
		}
	}
	return s.keep()
}

// compare says which buckets are as their template had them, and refuses stacks that are others.
func (s *Stack) compare() (sameBuckets map[string]bool, err error) {
	sameBuckets = map[string]bool{}
	now := map[string]*deployed{}
	for _, d := range s.all() {
		now[d.key()] = d
	}
	var before []string
	err = store.Each(s.Store, keptStacks, func(key string, all []keptResource) error {
		before = append(before, key)
		d := now[key]
		if d == nil {
			return nil
		}
		for _, was := range all {
			if err := d.compare(was, sameBuckets); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(before) > 0 && !slices.Equal(before, slices.Sorted(maps.Keys(now))) {
		err = fmt.Errorf("it has the stacks %s, and samconfig.toml has %s: name another folder, or set the stacks and regions as they were",
			strings.Join(before, ", "), strings.Join(slices.Sorted(maps.Keys(now)), ", "))
	}
	return sameBuckets, err
}

// compare refuses a resource that an update would replace, and with it what it holds.
func (d *deployed) compare(was keptResource, sameBuckets map[string]bool) error {
	i := slices.IndexFunc(d.made, func(m template.Made) bool { return m.LogicalID == was.LogicalID })
	if i < 0 {
		return nil // it left the template: a bucket stays
	}
	is := d.made[i]
	properties, err := json.Marshal(is.Properties)
	if err != nil {
		return err
	}
	before := template.Made{Resource: template.Resource{LogicalID: was.LogicalID, Type: was.Type}, Reference: was.Reference, Attributes: was.Attributes}
	if err := json.Unmarshal(was.Properties, &before.Properties); err != nil {
		return err
	}
	if is.Type != was.Type || d.types.Replaces(before, is.Resource) {
		return fmt.Errorf("%s of %s was %s, and its template has %s now: that would replace it, which this folder can't follow: take the change back, or name another folder",
			was.LogicalID, d.target.Stack, was.Reference, is.Reference)
	}
	if is.Type == "AWS::S3::Bucket" && bytes.Equal(properties, was.Properties) {
		sameBuckets[is.Reference] = true
	}
	return nil
}

func (d *deployed) key() string { return d.target.Region + " " + d.target.Stack }

// all are the stacks that are deployed.
func (s *Stack) all() []*deployed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.stacks))
}

// keep keeps what is deployed, which the next stack compares with its own.
func (s *Stack) keep() error {
	records := map[store.Record]any{{Kind: keptFolder}: keptFolderOf{format, s.Account}}
	for _, d := range s.all() {
		var all []keptResource
		for _, m := range d.made {
			properties, err := json.Marshal(m.Properties)
			if err != nil {
				return fmt.Errorf("keep %s: %w", m.LogicalID, err)
			}
			all = append(all, keptResource{m.LogicalID, m.Type, m.Reference, m.Attributes, properties})
		}
		records[store.Record{Kind: keptStacks, Key: d.key()}] = all
	}
	s.Store.Write(records)
	return s.Store.Broken()
}
