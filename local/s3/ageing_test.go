package s3_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
)

const (
	day  = 24 * time.Hour
	noon = 12 * time.Hour
)

// large is an object that is not too small for another storage class.
var large = strings.Repeat("v", 128<<10)

func ptr[T any](value T) *T { return &value }

// rule is an enabled lifecycle rule for every object.
func rule(change func(*s3.LifecycleRule)) s3.LifecycleRule {
	r := s3.LifecycleRule{ID: "rule", Status: "Enabled", Filter: &s3.LifecycleFilter{Prefix: ptr("")}}
	change(&r)
	return r
}

func expiry(days int32) s3.LifecycleRule {
	return rule(func(r *s3.LifecycleRule) { r.Expiration = &s3.Expiration{Days: &days} })
}

func noncurrentExpiry(days, newer int32) s3.LifecycleRule {
	return rule(func(r *s3.LifecycleRule) {
		r.NoncurrentVersionExpiration = &s3.NoncurrentVersionExpiration{NoncurrentDays: &days, NewerNoncurrentVersions: &newer}
	})
}

func transition(days int32, class string) s3.LifecycleRule {
	return rule(func(r *s3.LifecycleRule) { r.Transitions = []s3.Transition{{Days: &days, StorageClass: class}} })
}

func loneMarkers() s3.LifecycleRule {
	return rule(func(r *s3.LifecycleRule) { r.Expiration = &s3.Expiration{ExpiredObjectDeleteMarker: ptr(true)} })
}

// ageing runs a test at noon of the first of January 2000 with a bucket that has rules.
func ageing(t *testing.T, cfg s3.BucketConfig, test func(t *testing.T, l *local), rules ...s3.LifecycleRule) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := start(t)
		cfg.Name, cfg.Region, cfg.EventBridge = source, primary, true
		cfg.Lifecycle = &s3.LifecycleConfiguration{Rules: rules}
		require.NoError(t, l.server.CreateBucket(cfg))
		time.Sleep(noon)
		test(t, l)
	})
}

// versions are all that the bucket has, the newest of a key first: key, date of making,
// and storage class or that it is a delete marker.
func (l *local) versions(t *testing.T) (all []string) {
	t.Helper()
	out, err := l.client("http", primary).ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: aws.String(source)})
	require.NoError(t, err)
	for _, v := range out.Versions {
		all = append(all, aws.ToString(v.Key)+" "+v.LastModified.Format("01-02T15")+" "+string(v.StorageClass))
	}
	for _, m := range out.DeleteMarkers {
		all = append(all, aws.ToString(m.Key)+" "+m.LastModified.Format("01-02T15")+" marker")
	}
	slices.Sort(all)
	return all
}

// eventsSaying are the events so far that have a text.
func (l *local) eventsSaying(text string) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if strings.Contains(e, text) {
			all = append(all, e)
		}
	}
	return all
}

var versioned = s3.BucketConfig{Versioned: true}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
func TestDaysAreCountedFromTheMakingToTheMidnightThatFollows(t *testing.T) {
	ageing(t, s3.BucketConfig{}, func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		time.Sleep(3*day + noon - time.Second)
		assert.Equal(t, []string{"k 01-01T12 STANDARD"}, l.versions(t))
		time.Sleep(time.Second)
		assert.Empty(t, l.versions(t))
		gone := l.eventsSaying("Object Deleted")
		require.Len(t, gone, 1)
		assert.Contains(t, gone[0], `"time":"2000-01-05T00:00:00Z"`)
		assert.Contains(t, gone[0], `"requester":"s3.amazonaws.com","reason":"Lifecycle Expiration","deletion-type":"Permanently Deleted"`)
	}, expiry(3))
}

func TestWhatIsDueIsDoneOfItsMidnightHoweverLateSomebodyLooks(t *testing.T) {
	ageing(t, versioned, func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		time.Sleep(10 * day)
		l.server.Age()
		gone := l.eventsSaying("Delete Marker Created")
		require.Len(t, gone, 1)
		assert.Contains(t, gone[0], `"time":"2000-01-05T00:00:00Z"`)
		assert.Contains(t, gone[0], `"reason":"Lifecycle Expiration"`)
		assert.Equal(t, []string{"k 01-01T12 STANDARD", "k 01-05T00 marker"}, l.versions(t))
	}, expiry(3))
}

func TestANoncurrentVersionIsRemovedSoManyDaysAfterItsSuccessorCame(t *testing.T) {
	ageing(t, versioned, func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		time.Sleep(day)
		l.put(t, "k", "w")
		time.Sleep(2*day + noon - time.Second)
		assert.Len(t, l.versions(t), 2)
		time.Sleep(time.Second)
		assert.Equal(t, []string{"k 01-02T12 STANDARD"}, l.versions(t))
		assert.Len(t, l.eventsSaying("Permanently Deleted"), 1)
	}, noncurrentExpiry(2, 0))
}

func TestNewerNoncurrentVersionsAreKept(t *testing.T) {
	ageing(t, versioned, func(t *testing.T, l *local) {
		for range 5 {
			l.put(t, "k", "v")
			time.Sleep(day)
		}
		time.Sleep(10 * day)
		assert.Equal(t, []string{"k 01-03T12 STANDARD", "k 01-04T12 STANDARD", "k 01-05T12 STANDARD"}, l.versions(t), "the current one, and two")
	}, noncurrentExpiry(1, 2))
	moves := rule(func(r *s3.LifecycleRule) {
		r.NoncurrentVersionTransitions = []s3.NoncurrentVersionTransition{{NoncurrentDays: ptr(int32(1)), NewerNoncurrentVersions: ptr(int32(1)), StorageClass: "GLACIER_IR"}}
	})
	ageing(t, versioned, func(t *testing.T, l *local) {
		for range 3 {
			l.put(t, "k", large)
			time.Sleep(day)
		}
		time.Sleep(9 * day)
		assert.Equal(t, []string{"k 01-01T12 GLACIER_IR", "k 01-02T12 STANDARD", "k 01-03T12 STANDARD"}, l.versions(t))
	}, moves)
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
func TestADeleteMarkerGoesOnceNothingIsBehindIt(t *testing.T) {
	remove := func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		l.remove(t, primary, source, "k", nil)
		time.Sleep(20 * day)
	}
	ageing(t, versioned, func(t *testing.T, l *local) {
		remove(t, l)
		assert.Equal(t, []string{"k 01-01T12 marker"}, l.versions(t), "no rule is for it")
	}, noncurrentExpiry(2, 0))
	ageing(t, versioned, func(t *testing.T, l *local) {
		remove(t, l)
		assert.Len(t, l.versions(t), 2, "something is behind it")
	}, loneMarkers())
	ageing(t, versioned, func(t *testing.T, l *local) {
		remove(t, l)
		assert.Empty(t, l.versions(t))
	}, noncurrentExpiry(2, 0), loneMarkers())
	ageing(t, versioned, func(t *testing.T, l *local) {
		remove(t, l)
		assert.Empty(t, l.versions(t), "a marker has an age, too")
	}, noncurrentExpiry(2, 0), expiry(3))
}

func TestARuleThatSelectsBySizeLeavesDeleteMarkersAlone(t *testing.T) {
	sized := loneMarkers()
	sized.Filter = &s3.LifecycleFilter{ObjectSizeLessThan: ptr(int64(10))}
	ageing(t, versioned, func(t *testing.T, l *local) {
		l.remove(t, primary, source, "k", nil)
		time.Sleep(9 * day)
		assert.Equal(t, []string{"k 01-01T12 marker"}, l.versions(t))
	}, sized)
}

func TestVersionsMoveToOtherStorageClasses(t *testing.T) {
	noncurrent := rule(func(r *s3.LifecycleRule) {
		r.NoncurrentVersionTransitions = []s3.NoncurrentVersionTransition{{NoncurrentDays: ptr(int32(1)), StorageClass: "GLACIER_IR"}}
	})
	ageing(t, versioned, func(t *testing.T, l *local) {
		l.put(t, "k", large)
		l.put(t, "k", large)
		l.put(t, "small", "v")
		time.Sleep(2 * day)
		assert.Equal(t, []string{"k 01-01T12 GLACIER_IR", "k 01-01T12 STANDARD", "small 01-01T12 STANDARD"}, l.versions(t))
		changed := l.eventsSaying("Object Storage Class Changed")
		require.Len(t, changed, 1)
		assert.Contains(t, changed[0], `"destination-storage-class":"GLACIER_IR"`)
		time.Sleep(4 * day)
		assert.Equal(t, []string{"k 01-01T12 GLACIER_IR", "k 01-01T12 STANDARD_IA", "small 01-01T12 STANDARD"}, l.versions(t))
		assert.Equal(t, large, l.bytes(t, primary, source, "k"))
	}, noncurrent, transition(5, "STANDARD_IA"))
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
func TestWhatSeveralRulesSayOfTheSameDayIsDecidedAsByS3(t *testing.T) {
	for name, c := range map[string]struct {
		versioned bool
		rules     []s3.LifecycleRule
		want      []string
	}{
		"removal goes before transition":                           {false, []s3.LifecycleRule{transition(3, "GLACIER"), expiry(3)}, nil},
		"transition goes before a delete marker, which then comes": {true, []s3.LifecycleRule{expiry(3), transition(3, "GLACIER")}, []string{"k 01-01T12 GLACIER", "k 01-06T00 marker"}},
		"the shorter expiry counts":                                {true, []s3.LifecycleRule{expiry(5), expiry(2)}, []string{"k 01-01T12 STANDARD", "k 01-04T00 marker"}},
		"the cheaper class":                                        {true, []s3.LifecycleRule{transition(3, "STANDARD_IA"), transition(3, "GLACIER_IR")}, []string{"k 01-01T12 GLACIER_IR"}},
		"Intelligent-Tiering before what is cheaper":               {true, []s3.LifecycleRule{transition(3, "INTELLIGENT_TIERING"), transition(3, "ONEZONE_IA")}, []string{"k 01-01T12 INTELLIGENT_TIERING"}},
		"archives before Intelligent-Tiering":                      {true, []s3.LifecycleRule{transition(3, "INTELLIGENT_TIERING"), transition(3, "GLACIER")}, []string{"k 01-01T12 GLACIER"}},
		"nothing leaves One Zone-IA but into an archive":           {true, []s3.LifecycleRule{transition(1, "ONEZONE_IA"), transition(3, "GLACIER_IR")}, []string{"k 01-01T12 ONEZONE_IA"}},
		"nothing comes back from an archive":                       {true, []s3.LifecycleRule{transition(1, "GLACIER"), transition(3, "STANDARD_IA")}, []string{"k 01-01T12 GLACIER"}},
		"both, one after the other":                                {true, []s3.LifecycleRule{transition(1, "STANDARD_IA"), transition(3, "DEEP_ARCHIVE")}, []string{"k 01-01T12 DEEP_ARCHIVE"}},
	} {
		t.Run(name, func(t *testing.T) {
			ageing(t, s3.BucketConfig{Versioned: c.versioned}, func(t *testing.T, l *local) {
				l.put(t, "k", large)
				time.Sleep(5*day + noon)
				assert.Equal(t, c.want, l.versions(t))
			}, c.rules...)
		})
	}
}

func TestARuleActsOnWhatItSelects(t *testing.T) {
	for name, c := range map[string]struct {
		by   s3.LifecycleFilter
		gone []string
	}{
		"a prefix":     {s3.LifecycleFilter{Prefix: ptr("a/")}, []string{"a/large", "a/tagged"}},
		"a tag":        {s3.LifecycleFilter{Tag: &s3.Tag{Key: "k", Value: "v"}}, []string{"a/tagged"}},
		"another tag":  {s3.LifecycleFilter{Tag: &s3.Tag{Key: "k", Value: "w"}}, nil},
		"larger than":  {s3.LifecycleFilter{ObjectSizeGreaterThan: ptr(int64(128<<10 - 1))}, []string{"a/large", "b/large"}},
		"not as large": {s3.LifecycleFilter{ObjectSizeGreaterThan: ptr(int64(128 << 10))}, nil},
		"smaller than": {s3.LifecycleFilter{ObjectSizeLessThan: ptr(int64(2))}, []string{"a/tagged"}},
		"not as small": {s3.LifecycleFilter{ObjectSizeLessThan: ptr(int64(1))}, nil},
		"all of them":  {s3.LifecycleFilter{And: &s3.LifecycleAnd{Prefix: ptr("b/"), ObjectSizeGreaterThan: ptr(int64(1))}}, []string{"b/large"}},
		"everything":   {s3.LifecycleFilter{}, []string{"a/large", "a/tagged", "b/large"}},
	} {
		t.Run(name, func(t *testing.T) {
			selecting := expiry(1)
			selecting.Filter = &c.by
			ageing(t, s3.BucketConfig{}, func(t *testing.T, l *local) {
				l.put(t, "a/large", large)
				l.put(t, "b/large", large)
				l.put(t, "a/tagged", "v", func(in *awss3.PutObjectInput) { in.Tagging = aws.String("k=v") })
				time.Sleep(2 * day)
				left := strings.Join(l.versions(t), "\n")
				for _, key := range []string{"a/large", "b/large", "a/tagged"} {
					assert.Equal(t, slices.Contains(c.gone, key), !strings.Contains(left, key), key)
				}
			}, selecting)
		})
	}
	disabled, older := expiry(1), expiry(1)
	disabled.Status = "Disabled"
	older.Filter, older.Prefix = nil, ptr("k")
	ageing(t, s3.BucketConfig{}, func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		time.Sleep(9 * day)
		assert.Len(t, l.versions(t), 1)
	}, disabled)
	ageing(t, s3.BucketConfig{}, func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		l.put(t, "l", "v")
		time.Sleep(9 * day)
		assert.Equal(t, []string{"l 01-01T12 STANDARD"}, l.versions(t))
	}, older)
}

func TestSmallObjectsMoveWhereTheConfigurationOrTheRuleSaysSo(t *testing.T) {
	sized := transition(1, "GLACIER_IR")
	sized.Filter = &s3.LifecycleFilter{ObjectSizeGreaterThan: ptr(int64(0))}
	for name, c := range map[string]struct {
		minimum string
		rule    s3.LifecycleRule
		class   string
	}{
		"none by default":                        {"", transition(1, "DEEP_ARCHIVE"), "STANDARD"},
		"into archives where that is said":       {"varies_by_storage_class", transition(1, "DEEP_ARCHIVE"), "DEEP_ARCHIVE"},
		"into no other class even then":          {"varies_by_storage_class", transition(1, "GLACIER_IR"), "STANDARD"},
		"a rule that selects by size goes first": {"", sized, "GLACIER_IR"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t)
				require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true,
					Lifecycle: &s3.LifecycleConfiguration{MinimumSize: c.minimum, Rules: []s3.LifecycleRule{c.rule}}}))
				l.put(t, "k", "v")
				time.Sleep(3 * day)
				assert.Equal(t, []string{"k 01-01T00 " + c.class}, l.versions(t))
			})
		})
	}
}

func TestARuleCanHaveADate(t *testing.T) {
	dated := rule(func(r *s3.LifecycleRule) {
		r.Expiration = &s3.Expiration{Date: "2000-01-10T00:00:00Z"}
		r.Transitions = []s3.Transition{{Date: "2000-01-05T00:00:00Z", StorageClass: "STANDARD_IA"}}
	})
	ageing(t, versioned, func(t *testing.T, l *local) {
		l.put(t, "k", large)
		time.Sleep(3 * day)
		assert.Equal(t, []string{"k 01-01T12 STANDARD"}, l.versions(t))
		time.Sleep(3 * day)
		assert.Equal(t, []string{"k 01-01T12 STANDARD_IA"}, l.versions(t))
		time.Sleep(9 * day)
		assert.Equal(t, []string{"k 01-01T12 STANDARD_IA", "k 01-10T00 marker"}, l.versions(t))
		l.put(t, "later", "v")
		time.Sleep(day)
		assert.Contains(t, l.versions(t), "later 01-17T00 marker", "also what comes after the date")
	}, dated)
}

func TestALockedVersionIsRemovedByNoRule(t *testing.T) {
	cfg := s3.BucketConfig{Versioned: true, Lock: &s3.ObjectLock{Mode: "COMPLIANCE", Days: 10}}
	ageing(t, cfg, func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		l.remove(t, primary, source, "k", nil)
		time.Sleep(9 * day)
		assert.Len(t, l.versions(t), 2)
		time.Sleep(2 * day)
		assert.Equal(t, []string{"k 01-01T12 marker"}, l.versions(t))
	}, noncurrentExpiry(1, 0))
}

func TestUploadsThatNobodyCompletesEnd(t *testing.T) {
	abort := rule(func(r *s3.LifecycleRule) {
		r.AbortIncompleteMultipartUpload = &s3.AbortIncompleteMultipartUpload{DaysAfterInitiation: 7}
	})
	ageing(t, versioned, func(t *testing.T, l *local) {
		client := l.client("http", primary)
		id := l.parts(t, client, "v", 1)
		part := func() error {
			_, err := client.UploadPart(t.Context(), &awss3.UploadPartInput{Bucket: aws.String(source), Key: aws.String("k"), UploadId: id, PartNumber: ptr(int32(1)), Body: strings.NewReader("v")})
			return err
		}
		time.Sleep(7 * day)
		require.NoError(t, part())
		time.Sleep(noon)
		require.ErrorContains(t, part(), "NoSuchUpload")
	}, abort)
	disabled := abort
	disabled.Status = "Disabled"
	elsewhere := abort
	elsewhere.Filter = &s3.LifecycleFilter{Prefix: ptr("other/")}
	ageing(t, versioned, func(t *testing.T, l *local) {
		id := l.parts(t, l.client("http", primary), "v", 1)
		time.Sleep(30 * day)
		_, err := l.client("http", primary).AbortMultipartUpload(t.Context(), &awss3.AbortMultipartUploadInput{Bucket: aws.String(source), Key: aws.String("k"), UploadId: id})
		require.NoError(t, err, "it is still there")
	}, elsewhere, disabled)
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
func TestWhatIsNotReplicatedIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		plan s3.Plan
		want []string
	}{
		"replicated": {s3.Plan{}, []string{"k 01-01T12 STANDARD", "k 01-03T00 marker"}},
		"on its way": {s3.Plan{Lag: 90 * day}, []string{"k 01-01T12 STANDARD"}},
		"given up":   {s3.Plan{Fail: true}, []string{"k 01-01T12 STANDARD"}},
	} {
		t.Run(name, func(t *testing.T) {
			ageing(t, s3.BucketConfig{Versioned: true, Replication: rules(destination)}, func(t *testing.T, l *local) {
				require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true}))
				l.server.Replicate = func(s3.Replication) s3.Plan { return c.plan }
				l.put(t, "k", "v")
				time.Sleep(9 * day)
				assert.Equal(t, c.want, l.versions(t))
				if c.plan == (s3.Plan{}) {
					out, err := l.head(t, replica, destination, "k", nil)
					require.NoError(t, err, "lifecycle's delete marker is not replicated")
					assert.Equal(t, types.ReplicationStatusReplica, out.ReplicationStatus)
				}
				time.Sleep(90 * day)
			}, expiry(1))
		})
	}
}

func TestRulesCountForWhatWasThereBeforeThem(t *testing.T) {
	ageing(t, s3.BucketConfig{}, func(t *testing.T, l *local) {
		l.put(t, "k", "v")
		time.Sleep(30 * day)
		assert.Len(t, l.versions(t), 1)
		_, err := l.client("http", primary).PutBucketLifecycleConfiguration(t.Context(), &awss3.PutBucketLifecycleConfigurationInput{
			Bucket: aws.String(source), LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
				Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")}, Expiration: &types.LifecycleExpiration{Days: ptr(int32(20))},
			}}},
		})
		require.NoError(t, err)
		assert.Len(t, l.versions(t), 1, "until the next midnight")
		time.Sleep(noon)
		assert.Empty(t, l.versions(t))
	}, expiry(1000))
}

func TestAnObjectTellsWhenItExpires(t *testing.T) {
	ageing(t, versioned, func(t *testing.T, l *local) {
		old := l.put(t, "k", "v")
		l.put(t, "k", "v")
		out, err := l.head(t, primary, source, "k", nil)
		require.NoError(t, err)
		assert.Equal(t, `expiry-date="Wed, 05 Jan 2000 00:00:00 GMT", rule-id="rule"`, aws.ToString(out.Expiration), "of two rules the earlier")
		out, err = l.head(t, primary, source, "k", old.VersionId)
		require.NoError(t, err)
		assert.Nil(t, out.Expiration, "it is not current")
	}, expiry(9), expiry(3), loneMarkers())
}

func TestRulesThatCannotBeReadAreRefused(t *testing.T) {
	l := pair(t, nil)
	for name, body := range map[string]string{
		"a date that is none":              `<Expiration><Date>soon</Date></Expiration>`,
		"a transition at no time":          `<Transition><StorageClass>GLACIER</StorageClass></Transition>`,
		"a transition at two times":        `<Transition><Days>1</Days><Date>2000-01-05T00:00:00Z</Date><StorageClass>GLACIER</StorageClass></Transition>`,
		"an expiration without a time":     `<Expiration></Expiration>`,
		"days, and delete markers at once": `<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`,
	} {
		answer := l.send(t, http.MethodPut, "/source?lifecycle", nil, []byte(`<LifecycleConfiguration><Rule><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>`+body+`</Rule></LifecycleConfiguration>`))
		assert.Equal(t, http.StatusBadRequest, answer.status, name)
		assert.Contains(t, answer.body, "MalformedXML", name)
	}
}

func TestWhatLifecycleRemovesTakesNoRoomAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: dir, Account: account})
		require.NoError(t, err)
		defer func() { require.NoError(t, server.Close()) }()
		l := &local{server: server, http: &http.Client{Transport: direct{server}}}
		abort := rule(func(r *s3.LifecycleRule) {
			r.AbortIncompleteMultipartUpload = &s3.AbortIncompleteMultipartUpload{DaysAfterInitiation: 1}
		})
		require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Lifecycle: &s3.LifecycleConfiguration{Rules: []s3.LifecycleRule{expiry(1), abort}}}))
		l.put(t, "k", large)
		l.parts(t, l.client("http", primary), large, 1)
		files := func() int {
			found, err := filepath.Glob(dir + "/*/*")
			require.NoError(t, err)
			return len(found)
		}
		require.Equal(t, 2, files())
		time.Sleep(3 * day)
		server.Age()
		assert.Equal(t, 0, files())
	})
}

func TestADeleteMarkerHasNoStorageClassAndARuleForMarkersEndsNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t)
		archive := rule(func(r *s3.LifecycleRule) {
			r.NoncurrentVersionTransitions = []s3.NoncurrentVersionTransition{{NoncurrentDays: ptr(int32(1)), StorageClass: "GLACIER"}}
		})
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, EventBridge: true,
			Lifecycle: &s3.LifecycleConfiguration{MinimumSize: "varies_by_storage_class", Rules: []s3.LifecycleRule{archive, loneMarkers()}}}))
		l.remove(t, primary, source, "k", nil)
		l.put(t, "k", "v")
		time.Sleep(30 * day)
		assert.Equal(t, []string{"k 01-01T00 STANDARD", "k 01-01T00 marker"}, l.versions(t))
		assert.Empty(t, l.eventsSaying("Object Storage Class Changed"))
	})
}
