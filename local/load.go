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

// made is the resource as it was made.
func (k keptResource) made() (m template.Made, err error) {
	m = template.Made{Resource: template.Resource{LogicalID: k.LogicalID, Type: k.Type}, Reference: k.Reference, Attributes: k.Attributes}
	err = json.Unmarshal(k.Properties, &m.Properties)
	return m, err
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
		func() error { return s.CloudWatch.Load(s.Store) },
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
	before := map[string][]template.Made{}
	err = store.Each(s.Store, keptStacks, func(key string, all []keptResource) error {
		before[key] = nil
		for _, was := range all {
			made, err := was.made()
			if err != nil {
				return err
			}
			before[key] = append(before[key], made)
			if d := now[key]; d != nil && was.Type == "AWS::S3::Bucket" && d.has(was) {
				sameBuckets[was.Reference] = true
			}
		}
		return nil
	})
	if err == nil && len(before) > 0 {
		err = replacing(before, now)
	}
	return sameBuckets, err
}

// has says whether a resource is as it was.
func (d *deployed) has(was keptResource) bool {
	return slices.ContainsFunc(d.made, func(is template.Made) bool {
		properties, err := json.Marshal(is.Properties)
		return is.Reference == was.Reference && is.Type == was.Type && err == nil && bytes.Equal(properties, was.Properties)
	})
}

// replacing refuses stacks that are others than before, and resources that an update of those
// would replace, and with them what they hold. What left a template is no part of it.
func replacing(before map[string][]template.Made, now map[string]*deployed) error {
	if had, has := slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(now)); !slices.Equal(had, has) {
		return fmt.Errorf("the stacks were %s, and samconfig.toml has %s now: set stacks and regions as they were, or start with another --dir",
			strings.Join(had, ", "), strings.Join(has, ", "))
	}
	for key, all := range before {
		d := now[key]
		for _, was := range all {
			i := slices.IndexFunc(d.made, func(m template.Made) bool { return m.LogicalID == was.LogicalID })
			if i < 0 {
				continue
			}
			if property := d.types.Replaces(was, d.made[i].Resource); property != "" {
				return fmt.Errorf("another %s of %s in %s (%s) would replace it, and what it holds would be left behind: change that back%s, or start with another --dir",
					property, was.LogicalID, d.target.Stack, was.Type, to(was.Properties[property]))
			}
		}
	}
	return nil
}

// to is the value that a property had, where that is short.
func to(value any) string {
	if text := fmt.Sprint(value); value != nil && len(text) <= 100 {
		return " to " + text
	}
	return ""
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
