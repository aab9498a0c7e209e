package listing_test

import (
	"bytes"
	"encoding/xml"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/audit"
	"autobackup/internal/listing"
)

const (
	version = `<Version><Key>a%2Fb+c</Key><VersionId>v+2%20</VersionId><IsLatest>true</IsLatest><LastModified>2026-10-12T17:50:30.123Z</LastModified>` +
		`<ETag>&quot;0cc1&quot;</ETag><Size>7</Size><Owner><ID>7</ID><DisplayName>o</DisplayName></Owner><StorageClass>STANDARD</StorageClass></Version>`
	marker = `<DeleteMarker><Key>b</Key><VersionId>null</VersionId><IsLatest>false</IsLatest><LastModified>2026-10-12T17:50:30Z</LastModified><Owner/></DeleteMarker>`
	head   = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	fields = `<Name>docs</Name><Prefix/><KeyMarker>k%01</KeyMarker><VersionIdMarker>m+1</VersionIdMarker><MaxKeys>2</MaxKeys>` +
		`<NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>`
	tail = `</ListVersionsResult>`
)

func page(rows ...audit.Row) listing.Page {
	return listing.Page{
		Rows: rows, Name: "docs", KeyMarker: "k\x01", VersionIDMarker: "m+1", NextKeyMarker: "b", NextVersionIDMarker: "null", Truncated: true,
	}
}

var (
	made       = time.Date(2026, 10, 12, 17, 50, 30, 0, time.UTC)
	versionRow = audit.Row{Key: "a/b c", VersionID: "v+2%20", Latest: true, Modified: made.Add(123 * time.Millisecond), Size: 7, ETag: "0cc1"}
	markerRow  = audit.Row{Key: "b", VersionID: "null", Marker: true, Modified: made}
)

// exported is a page without what it remembers for its checks.
func exported(p listing.Page) listing.Page {
	return listing.Page{
		Rows: p.Rows, Name: p.Name, Prefix: p.Prefix, KeyMarker: p.KeyMarker, VersionIDMarker: p.VersionIDMarker,
		NextKeyMarker: p.NextKeyMarker, NextVersionIDMarker: p.NextVersionIDMarker, Truncated: p.Truncated,
	}
}

func TestAPageKeepsVersionsAndMarkersAsTheyWereSent(t *testing.T) {
	renamed := func(old, new string) string { return head + fields + strings.Replace(version, old, new, 1) + tail }
	withRow := func(change func(*audit.Row)) listing.Page {
		row := versionRow
		change(&row)
		return page(row)
	}
	tests := map[string]struct {
		body string
		want listing.Page
	}{
		"an ETag with half its quotes": {renamed("&quot;0cc1&quot;", "0cc1&quot;"), withRow(func(r *audit.Row) { r.ETag = `0cc1"` })},
		"a version between markers":    {head + fields + marker + version + marker + tail, page(markerRow, versionRow, markerRow)},
		"no rows":                      {head + fields + tail, page()},
		"the fields behind the rows, as MinIO has EncodingType": {head + version + fields + tail, page(versionRow)},
		"white space between elements":                          {strings.ReplaceAll(head+fields+version+tail, "><", ">\r\n\t <"), withSpace()},
		"a byte order mark":                                     {"\ufeff" + head + fields + version + tail, page(versionRow)},
		"comments and instructions":                             {head + "<!-- <Version> > --><?x <Version>?>" + fields + version + "<!---->" + tail + "<!-- end -->\n", page(versionRow)},
		"a comment within a text":                               {renamed("a%2Fb", "a%2F<!-- no -->b"), page(versionRow)},
		"CDATA":                                                 {renamed("v+2%20", "<![CDATA[v+2]]><![CDATA[%20]]>"), page(versionRow)},
		"CDATA of tags":                                         {renamed("v+2%20", "<![CDATA[</VersionId>&lt;]]>"), withRow(func(r *audit.Row) { r.VersionID = "</VersionId>&lt;" })},
		"all entities and characters by number":                 {renamed("v+2%20", "&lt;&gt;&amp;&apos;&quot;&#65;&#x1F600;"), withRow(func(r *audit.Row) { r.VersionID = `<>&'"A😀` })},
		"attributes with tags in their quotes":                  {renamed("<Key>", `<Key a='/>' b = "</Key>">`), page(versionRow)},
		"prefixes of a namespace":                               {strings.NewReplacer("</", "</s3:", "<", "<s3:", "<?", "<?").Replace(fieldsAndRow()), page(versionRow)},
		"end tags with white space":                             {renamed("</Key>", "</Key \n>"), page(versionRow)},
		"elements that nobody knows":                            {renamed("<Key>", "<X><Key>x</Key><Version/></X><Y/><Key>"), page(versionRow)},
		"an ETag with plain quotes":                             {renamed("&quot;0cc1&quot;", `"0cc1"`), page(versionRow)},
		"an ETag without quotes":                                {renamed("&quot;0cc1&quot;", `0cc1-2`), withRow(func(r *audit.Row) { r.ETag = "0cc1-2" })},
		"an ETag that is one quote":                             {renamed("&quot;0cc1&quot;", `"`), withRow(func(r *audit.Row) { r.ETag = `"` })},
		"an ETag that is two quotes":                            {renamed("&quot;0cc1&quot;", `""`), withRow(func(r *audit.Row) { r.ETag = "" })},
		"another class":                                         {renamed("STANDARD", "GLACIER"), withRow(func(r *audit.Row) { r.Class = "GLACIER" })},
		"no class":                                              {renamed("<StorageClass>STANDARD</StorageClass>", ""), page(versionRow)},
		"U+FFFD itself beside an entity":                        {renamed("v+2%20", "\ufffd&amp;"), withRow(func(r *audit.Row) { r.VersionID = "\ufffd&" })},
		"an empty class":                                        {renamed("STANDARD", ""), page(versionRow)},
		"another time zone":                                     {renamed("17:50:30.123Z", "18:50:30.123+01:00"), page(versionRow)},
		"an empty object":                                       {renamed("<Size>7<", "<Size>0<"), withRow(func(r *audit.Row) { r.Size = 0 })},
		"the largest size":                                      {renamed("<Size>7<", "<Size>9223372036854775807<"), withRow(func(r *audit.Row) { r.Size = 1<<63 - 1 })},
		"a key of every kind of byte":                           {renamed("a%2Fb+c", "%01%7f%25%2B%c3%a4%F0%9F%98%80é"), withRow(func(r *audit.Row) { r.Key = "\x01\x7f%+ä😀é" })},
		"a marker with what MinIO adds": {head + fields + strings.Replace(marker, "<Owner/>", "<ETag></ETag><Size>0</Size><StorageClass>STANDARD</StorageClass>", 1) + tail,
			page(markerRow)},
		"keys that are not encoded": {strings.Replace(head+fields+version+tail, "<EncodingType>url</EncodingType>", "", 1), func() listing.Page {
			p := withRow(func(r *audit.Row) { r.Key = "a%2Fb+c" })
			p.KeyMarker = "k%01"
			return p
		}()},
		"the last page": {strings.Replace(head+fields+tail, "true", "false", 1), func() listing.Page {
			p := page()
			p.Truncated = false
			return p
		}()},
		"an empty element of common prefixes": {head + fields + "<CommonPrefixes/>" + tail, page()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := []byte(tt.body)
			got, err := listing.Parse(before)
			require.NoError(t, err)
			if len(tt.want.Rows) == 0 {
				tt.want.Rows = []audit.Row{}
			}
			assert.Equal(t, tt.want, exported(got))
			assert.Equal(t, tt.body, string(before), "the body was changed")
		})
	}
}

func fieldsAndRow() string { return "<ListVersionsResult>" + fields + version + tail }

// withSpace is what white space between elements leaves: nothing, but the empty Prefix has no tags to part.
func withSpace() listing.Page { return page(versionRow) }

func TestWhatIsNoPageIsAnErrorAndNothingElse(t *testing.T) {
	whole := head + fields + version + marker + tail
	row := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	tests := map[string]struct{ body, want string }{
		"no body":                           {"", "cut off before its end"},
		"white space":                       {" \n", "cut off before its end"},
		"text":                              {"Service Unavailable", "cut off before its end"},
		"HTML":                              {"<html><body/></html>", "is not what the answer is"},
		"an error with 200":                 {`<?xml version="1.0"?><Error><Code>InternalError</Code></Error>`, "is not what the answer is"},
		"the answer to ListObjectsV2":       {"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>", "is not what the answer is"},
		"a second root":                     {whole + head + tail, "goes on behind its end"},
		"text behind the root":              {whole + "x", "goes on behind its end"},
		"text before the root":              {"x" + whole, "has text beside elements"},
		"a document type":                   {"<!DOCTYPE x>" + whole, "has a document type"},
		"an entity of its own":              {row("a%2F", "&x;"), "has an entity that XML doesn't define"},
		"an unknown tag":                    {row("<Size>", "<!-x--><Size>"), "has a tag that is none"},
		"an unknown section":                {row("<Size>", "<![X[]]><Size>"), "has a tag that is none"},
		"an end without its beginning":      {row("</Size>", "</Sice>"), "has an end without its beginning"},
		"an end before all":                 {"</Version>" + whole, "has an end without its beginning"},
		"elements that cross":               {row("</Owner><", "<"), "has an end without its beginning"},
		"text beside the fields of a row":   {row("<Size>", "x<Size>"), "has text beside elements"},
		"text at the end of a row":          {row("</Version>", "x</Version>"), "has text beside elements"},
		"elements in a field":               {row("<Size>7", "<Size><b/>7"), "has text beside elements"},
		"an element alone in a field":       {row("<Size>7", "<Size><b/>"), "row 1: has elements in Size"},
		"a field twice":                     {row("<Size>", "<Size>6</Size><Size>"), "row 1: has Size twice"},
		"a field of the page twice":         {row("<Name>", "<Name>x</Name><Name>"), "has Name twice"},
		"no key":                            {row("<Key>a%2Fb+c</Key>", ""), "row 1: has no Key"},
		"an empty key":                      {row("<Key>a%2Fb+c</Key>", "<Key/>"), "row 1: can't read Key: empty"},
		"no version id":                     {row("<VersionId>v+2%20</VersionId>", ""), "row 1: has no VersionId"},
		"an empty version id":               {row("<VersionId>v+2%20</VersionId>", "<VersionId></VersionId>"), "row 1: can't read VersionId: empty"},
		"no size and no date":               {row("<LastModified>2026-10-12T17:50:30.123Z</LastModified><ETag>&quot;0cc1&quot;</ETag><Size>7</Size>", ""), "row 1: has no LastModified, Size, ETag"},
		"a marker without a date":           {row("<LastModified>2026-10-12T17:50:30Z</LastModified>", ""), "row 2: has no LastModified"},
		"a row without anything":            {head + fields + "<Version/>" + tail, "row 1: has no Key, VersionId, IsLatest, LastModified, Size, ETag"},
		"a size that is none":               {row("<Size>7", "<Size>7x"), "row 1: can't read Size: no number of bytes"},
		"an empty size":                     {row("<Size>7", "<Size>"), "row 1: can't read Size: no number of bytes"},
		"a size below 0":                    {row("<Size>7", "<Size>-7"), "row 1: can't read Size: no number of bytes"},
		"a size above all sizes":            {row("<Size>7", "<Size>9223372036854775808"), "row 1: can't read Size: no number of bytes"},
		"a date that is none":               {row("2026-10-12", "2026-13-12"), "row 1: can't read LastModified: no date"},
		"latest that is neither":            {row("<IsLatest>true", "<IsLatest>yes"), "row 1: can't read IsLatest: neither true nor false"},
		"truncated that is neither":         {row("<IsTruncated>true", "<IsTruncated>1"), "can't read IsTruncated: neither true nor false"},
		"truncated left out":                {row("<IsTruncated>true</IsTruncated>", ""), "has no IsTruncated"},
		"another encoding":                  {row("<EncodingType>url", "<EncodingType>base64"), "can't read EncodingType: not url"},
		"keys rolled up":                    {row("<Version>", "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes><Version>"), "has elements in CommonPrefixes"},
		"keys rolled up as text":            {row("<Version>", "<CommonPrefixes>a</CommonPrefixes><Version>"), "can't read CommonPrefixes: nobody asked for them"},
		"a key encoded wrongly":             {row("a%2F", "a%zz"), "row 1: Key is not URL-encoded as it says"},
		"a key that is no UTF-8":            {row("a%2F", "a%ff"), "row 1: Key is not UTF-8"},
		"a raw key that is no UTF-8":        {row("a%2F", "a\xff"), "is not UTF-8"},
		"half a pair in a key":              {row("a%2F", "%ED%A0%BD"), "row 1: Key is not UTF-8"},
		"a key that is too long":            {row("a%2Fb+c", strings.Repeat("k", 1025)), "row 1: Key is longer than a key can be"},
		"a marker that is no UTF-8":         {row("k%01", "%ff"), "the prefix or a key marker is not UTF-8"},
		"a next marker encoded wrongly":     {row("<NextKeyMarker>b", "<NextKeyMarker>%zz"), "the prefix or a key marker is not URL-encoded as it says"},
		"a prefix that is no UTF-8":         {row("<Prefix/>", "<Prefix>%ff</Prefix>"), "the prefix or a key marker is not UTF-8"},
		"a version id that is no UTF-8":     {row("v+2", "v\xff"), "is not UTF-8"},
		"a bucket's name that is no UTF-8":  {row("docs", "\xff"), "is not UTF-8"},
		"a character that is none":          {row("v+2", "&#xD800;"), "has a character that is none"},
		"a character that is none, alone":   {row("v+2%20", "&#xD800;"), "has a character that is none"},
		"an element that nobody closes":     {row("<Owner>", "<Owner><X>"), "has an end without its beginning"},
		"a comment that nobody closes":      {whole + "<!-- ", "cut off in a tag, or no XML"},
		"an attribute that nobody closes":   {row("<Size>", `<Size a=">`), "cut off in a tag, or no XML"},
		"CDATA that nobody closes":          {row("<Size>7", `<Size><![CDATA[7`), "cut off in a tag, or no XML"},
		"an instruction that nobody closes": {"<?xml " + whole[6:20] + " " + strings.ReplaceAll(whole[38:], "?>", ""), "cut off in a tag, or no XML"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := listing.Parse([]byte(tt.body))
			require.EqualError(t, err, "ListVersionsResult: "+tt.want)
			assert.Equal(t, listing.Page{}, got)
		})
	}
}

func TestAPageThatIsCutOffAnywhereIsAnError(t *testing.T) {
	whole := head + fields + version + marker + tail
	for i := range whole {
		_, err := listing.Parse([]byte(whole[:i]))
		require.Error(t, err, "after %d bytes", i)
	}
}

// reference reads a page with encoding/xml.
func reference(body []byte) (page listing.Page, ok bool) {
	var answer struct {
		XMLName             xml.Name
		Name                string
		Prefix              string
		KeyMarker           string
		VersionIDMarker     string `xml:"VersionIdMarker"`
		NextKeyMarker       string
		NextVersionIDMarker string `xml:"NextVersionIdMarker"`
		EncodingType        string
		IsTruncated         string
		Others              []struct {
			XMLName                                               xml.Name
			Key, IsLatest, LastModified, ETag, Size, StorageClass string
			VersionID                                             string `xml:"VersionId"`
		} `xml:",any"`
	}
	if xml.Unmarshal(body, &answer) != nil {
		return page, false
	}
	decode := func(key string) string {
		if answer.EncodingType != "url" {
			return key
		}
		decoded, err := url.QueryUnescape(key)
		if err != nil {
			return "not decoded"
		}
		return decoded
	}
	page = listing.Page{
		Rows: []audit.Row{}, Name: answer.Name, Prefix: decode(answer.Prefix), KeyMarker: decode(answer.KeyMarker), VersionIDMarker: answer.VersionIDMarker,
		NextKeyMarker: decode(answer.NextKeyMarker), NextVersionIDMarker: answer.NextVersionIDMarker, Truncated: answer.IsTruncated == "true",
	}
	for _, o := range answer.Others {
		row := audit.Row{Key: decode(o.Key), VersionID: o.VersionID, Marker: o.XMLName.Local == "DeleteMarker", Latest: o.IsLatest == "true"}
		row.Modified, _ = time.Parse(time.RFC3339, o.LastModified)
		row.Modified = row.Modified.UTC()
		switch o.XMLName.Local {
		case "Version":
			row.Size, _ = strconv.ParseInt(o.Size, 10, 64)
			row.ETag, row.Class = o.ETag, o.StorageClass
			if len(o.ETag) > 1 && strings.HasPrefix(o.ETag, `"`) && strings.HasSuffix(o.ETag, `"`) {
				row.ETag = o.ETag[1 : len(o.ETag)-1]
			}
			if o.StorageClass == "STANDARD" {
				row.Class = ""
			}
		case "DeleteMarker":
		default:
			continue
		}
		page.Rows = append(page.Rows, row)
	}
	return page, true
}

func FuzzParseAgreesWithEncodingXML(f *testing.F) {
	f.Add([]byte(head + fields + version + marker + tail))
	f.Add([]byte(head + version + fields + "<!-- x --><?x?>" + tail + "\n"))
	f.Add([]byte(head + `<s3:IsTruncated a="/>">&#116;rue<![CDATA[]]></s3:IsTruncated>` + tail))
	f.Add([]byte(strings.ReplaceAll(head+fields+version+marker+tail, "<Key>", "\r\n <Key x='>'>&#13;\r\n\r")))
	f.Fuzz(func(t *testing.T, body []byte) {
		kept := bytes.Clone(body)
		got, err := listing.Parse(body)
		require.Equal(t, kept, body, "the body was changed")
		if err != nil {
			require.Equal(t, listing.Page{}, got)
			return
		}
		if want, ok := reference(body); ok {
			require.Equal(t, want, exported(got))
		}
	})
}
