package attach

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"autobackup/internal/shell"
	"autobackup/internal/text"
)

// What the lists of the templates hold, however long the names are: an event pattern and a
// managed policy have no room for more (docs/decisions/0054-existing-buckets.md).
const (
	PerList  = 25 // names in Buckets or ReplicaBuckets, each of which has four lists
	lists    = 4
	KeysEach = 20 // ARNs in BucketKeyArns or ReplicaKeyArns
)

// Parameters are what a stack is given to take buckets.
type Parameters struct {
	Stack   string   `json:"stack"`   // primary or replica
	Account string   `json:"account"` // that it is deployed into
	Region  string   `json:"region"`
	Values  []Value  `json:"values"`
	Notes   []string `json:"notes"` // what these don't say
}

// Value is one parameter of a template.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Lists are the parameters by which the stage takes these buckets: of the primary stack,
// and then of a replica stack in each region and account that has replicas, but the
// primary's own. An error says that one stage can't take them.
func Lists(s Stage, buckets []Bucket) ([]Parameters, error) {
	primary := Parameters{Stack: "primary", Account: s.Account, Region: s.Region, Notes: []string{}}
	var replicas []place
	var from, fromKeys []string
	for i := range buckets {
		b := &buckets[i]
		from = add(from, b.Bucket)
		fromKeys = add(fromKeys, b.Key)
		for j := range b.Replicas {
			r := &b.Replicas[j]
			at := find(&replicas, r.Account, r.Region)
			at.names = add(at.names, r.Bucket)
			at.keys = add(at.keys, r.Key)
			for _, key := range b.replicaKeys(r.Bucket) {
				at.keys = add(at.keys, key)
			}
		}
	}
	slices.SortFunc(replicas, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region))
	})
	if err := primary.names("Buckets", from); err != nil {
		return nil, err
	}
	all := []Parameters{primary}
	var names, keys, functions []string
	for _, at := range replicas {
		names, keys = append(names, at.names...), append(keys, at.keys...)
		if p, function, own := at.stack(s); own {
			if err := apart(all, p); err != nil {
				return nil, err
			}
			all, functions = append(all, p), add(functions, function)
		}
		if at.region == s.Region && at.account != s.Account && at.account != "" {
			all[0].note("the bytes of %s, in this region and another account, are read by the primary stack's own function: their owner has to let the role of that function do it", strings.Join(at.names, ", "))
		}
		if at.account == "" {
			all[0].note("whose %s is, is not known: name it in ReplicaBuckets of a replica stack in its account", strings.Join(at.names, ", "))
		}
	}
	if err := all[0].names("ReplicaBuckets", names); err != nil {
		return nil, err
	}
	all[0].keys("BucketKeyArns", fromKeys)
	all[0].keys("ReplicaKeyArns", keys)
	if len(functions) > 0 {
		all[0].set("ReplicaHashBytesArns", functions)
		all[0].note("where the categories' replica stack is none of these, add its output HashBytesArn to ReplicaHashBytesArns")
	}
	return all, nil
}

// place is where replicas are.
type place struct {
	account, region string
	names, keys     []string
}

func find(all *[]place, account, region string) *place {
	for i := range *all {
		if at := &(*all)[i]; at.account == account && at.region == region {
			return at
		}
	}
	*all = append(*all, place{account: account, region: region})
	return &(*all)[len(*all)-1]
}

// stack are the parameters of the replica stack there, and its function that reads bytes.
// The primary stack itself reads those in its own region, whosever they are.
func (at place) stack(s Stage) (p Parameters, function string, own bool) {
	if at.account == "" || at.region == "" || at.region == s.Region {
		return p, "", false
	}
	p = Parameters{Stack: "replica", Account: at.account, Region: at.region, Notes: []string{}}
	if err := p.names("ReplicaBuckets", at.names); err != nil {
		return p, "", false // the primary, which has them all, says so
	}
	p.keys("ReplicaKeyArns", at.keys)
	if at.account != s.Account {
		p.set("PrimaryAccount", []string{s.Account})
	}
	return p, "arn:" + s.Partition + ":lambda:" + at.region + ":" + at.account + ":function:autobackup-hash-bytes-" + s.Name, true
}

// apart says whether a replica stack stands in a region by itself: compare-bytes knows a
// reader by its region.
func apart(others []Parameters, p Parameters) error {
	for _, other := range others {
		if other.Stack == p.Stack && other.Region == p.Region {
			return fmt.Errorf("replicas in %s belong to the accounts %s and %s, and a stage has one function that reads bytes in a region: name the buckets of one of them, and take the others into a second stage (docs/deploy.md#validate-buckets-that-you-have)", text.Line(p.Region, 30), text.Line(other.Account, 30), text.Line(p.Account, 30))
		}
	}
	return nil
}

// add adds what is there to a list that has nothing twice.
func add(all []string, one string) []string {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

func (p *Parameters) note(format string, args ...any) {
	p.Notes = append(p.Notes, text.Line(fmt.Sprintf(format, args...), 500))
}

func (p *Parameters) set(name string, values []string) {
	p.Values = append(p.Values, Value{name, strings.Join(values, ",")})
}

// listed are names that the templates take. Buckets of before 2018 can have others.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var listed = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// names fills the lists of buckets, all of them: SAM has a stack that is there keep the value of
// a parameter that is left out, so that a list of before would go on taking what is not in it.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html
func (p *Parameters) names(list string, names []string) error {
	names = slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool {
		odd := !listed.MatchString(name)
		if odd {
			p.note("%s takes no such name as %s: it is left out, and nothing of it can be validated", list, text.Name(name))
		}
		return odd
	})
	if n := len(names); n > PerList*lists {
		return fmt.Errorf("the parameters %s to %s%d have room for %d names, and these are %d: deploy a second stage for the rest (docs/deploy.md#validate-buckets-that-you-have)", list, list, lists, PerList*lists, n)
	}
	for i := range lists {
		name := list
		if i > 0 {
			name = fmt.Sprint(list, i+1)
		}
		begin, end := min(i*PerList, len(names)), min((i+1)*PerList, len(names))
		p.set(name, names[begin:end])
	}
	return nil
}

var keyARN = regexp.MustCompile(`^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/)[a-zA-Z0-9-]+$`)

// keys names keys, and where they are more than fit every key of their region and account.
func (p *Parameters) keys(name string, keys []string) {
	var named, wide []string
	for _, key := range keys {
		switch found := keyARN.FindStringSubmatch(key); {
		case managed(key): // which who may use S3 may use
		case found == nil:
			p.note("%s takes ARNs of keys, and a bucket names %s: add the Arn that aws kms describe-key --key-id %s shows in the bucket's region and account", name, key, shell.Quote(key))
		default:
			named, wide = add(named, key), add(wide, found[1]+"*")
		}
	}
	if len(named) > KeysEach {
		p.note("%s has room for %d keys, and these are %d: each * is every key there that its own policy lets the roles use", name, KeysEach, len(named))
		named = wide
	}
	if len(named) > 0 {
		slices.Sort(named)
		p.set(name, named)
	}
}
