package look

import (
	"net/http"

	"autobackup/internal/s3error"
	"autobackup/internal/verdict"
)

const noBucket = "bucket does not exist"

// anotherVersion says what is wrong with an answer that is not about the version.
func anotherVersion(named string) string {
	if named == "" {
		return "HeadObject answered without naming the version"
	}
	return "HeadObject answered about another version"
}

// classify tells what an error of HeadObject says about the version, by status and
// headers, because the answer to a HEAD has no body. A delete marker is answered
// with 405 and a header:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func classify(side *verdict.Side, err error, version string) {
	header := s3error.Header(err)
	if s3error.Status(err) == http.StatusMethodNotAllowed && header.Get("x-amz-delete-marker") == "true" {
		if named := header.Get("x-amz-version-id"); named != "" && named != version {
			side.Found, side.Detail = verdict.Unreachable, anotherVersion(named)
			return
		}
		side.Found = verdict.Marker
		side.Replication = header.Get("x-amz-replication-status")
		return
	}
	if side.Found = s3error.Found(err); side.Found != verdict.Missing { // which needs no words
		side.Detail = s3error.Explain("HeadObject", err)
	}
}

// denied is a side whose HeadObject was refused, with what the refusal of a GET told.
func denied(side *verdict.Side, head, get error) {
	side.Found, side.Detail = verdict.Denied, s3error.Explain("HeadObject", head)
	refusal, told := s3error.RefusalOf(get)
	if !told {
		side.Detail += "; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"
		return
	}
	side.Found, side.Detail = deniedBy(refusal), side.Detail+": "+refusal.String()
}

func deniedBy(r s3error.Refusal) verdict.Found {
	if r.Final() {
		return verdict.Forbidden
	}
	return verdict.Denied
}

// bucketSide is a side whose bucket's region could not be had.
func bucketSide(bucket string, err error) verdict.Side {
	side := verdict.Side{Bucket: bucket, Found: s3error.Found(err), Detail: s3error.Explain("HeadBucket", err)}
	switch side.Found {
	case verdict.Missing: // of a bucket: then nothing is known of the object
		side.Found, side.Detail = verdict.Unreachable, noBucket
	case verdict.Denied:
		side.Detail += "; grant s3:ListBucket on the bucket"
	}
	return side
}

// rulesSide is a primary whose replication rules could not be read.
func rulesSide(bucket, region string, err error) verdict.Side {
	return unruled(bucket, region, "GetBucketReplication", "grant s3:GetReplicationConfiguration on the bucket: ", err, s3error.Message(err))
}

// unreadTags says why tags by which rules select could not be read. S3's own text may
// have the key.
func unreadTags(err error) *verdict.Read {
	side := bounded(unruled("", "", "GetObjectTagging", "grant s3:GetObjectVersionTagging on the bucket's objects, as its rules select by tag: ", err, ""))
	return &verdict.Read{Found: side.Found, Detail: side.Detail}
}

// unruled is a primary of which it can't be told where rules take its versions.
func unruled(bucket, region, operation, grant string, err error, message string) verdict.Side {
	side := verdict.Side{Bucket: bucket, Region: region, Found: verdict.Unreachable, Detail: s3error.Explain(operation, err) + message}
	switch {
	case s3error.Code(err) == "NoSuchBucket":
		side.Detail = noBucket
	case s3error.Found(err) == verdict.Denied:
		side.Found, side.Detail = verdict.Denied, s3error.Explain(grant+operation, err)+message
		if refusal, known := s3error.RefusalOf(err); known && refusal.Final() {
			side.Found, side.Detail = verdict.Forbidden, s3error.Explain(operation, err)+": "+refusal.String()
		}
	}
	return side
}
