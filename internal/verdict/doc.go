// Package verdict is the heart: the answers of both sides about one object
// version go in, a verdict comes out. It does no I/O and reads no clock. This
// comment is its specification; every row has a test of its own.
//
// The rules of each table are tried from the top. Primary and replica are read at
// the same version id, which replication keeps
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html).
// "For N looks, then" means: lagging until N looks have shown it, then the
// verdict named; "in a row" means that a look which does not show it starts the
// count anew. "Until the deadline" means: lagging until the waits add up to it.
//
// # The event and the primary
//
//	the event names no version         failed NOT_VERSIONED
//	delete marker made by lifecycle    skipped LIFECYCLE_MARKER: S3 does not replicate those
//	rules can't be followed            failed RULE_NOT_SUPPORTED
//	sse-c                              failed UNREADABLE_SSE_C
//	archived                           failed ARCHIVED
//	denied, forbidden                  for DeniedLooks looks in a row, then failed ACCESS_DENIED; of
//	                                   forbidden it is kept that no grant helps
//	unreachable, or what is not known  for UnreachableLooks looks in a row, then failed UNREACHABLE
//	here
//	missing                            skipped SOURCE_DELETED, with what the replicas show; one that is
//	                                   denied or unreachable has its looks first
//	rules select by tag, and the tags  as a primary that is denied, forbidden or unreachable
//	can't be read
//	rules by tag alone cover the key, and none selects the tags that the version has now; no
//	replica that was looked at all the same holds it:
//	    a delete marker                skipped MARKER_NOT_REPLICATED: S3 replicates none by those
//	    status REPLICA                 skipped IS_REPLICA
//	    any other status               for GraceLooks looks, then skipped NOT_SELECTED
//	no rule covers the key:
//	    status REPLICA                 skipped IS_REPLICA
//	    any other status               for GraceLooks looks, then failed NOT_REPLICATED
//
// Looks in a row at which a side was denied and such at which one was unreachable
// are counted together, over all sides.
//
// # Each replica
//
// An event may come late, so what is there decides between object and delete
// marker, not the event.
//
//	primary  replica
//	marker   its rule ignores markers    not expected: counts for nothing, whatever it shows; where no
//	                                     replica is expected: skipped MARKER_NOT_REPLICATED
//	any      sse-c, archived, denied,    as the primary
//	         forbidden, unreachable
//	any      missing                     see below
//	any      the other of object/marker  failed CONTENT_MISMATCH
//	marker   marker                      verified: delete marker
//	object   object                      see "Two objects"
//
// A missing replica is judged by x-amz-replication-status of the primary, which
// is one for all replicas. Its entry has that status.
//
//	the rule leaves out KMS, the object is   for GraceLooks looks, then failed LEFT_OUT
//	encrypted so, and the status is empty
//	or may be another replica's
//	status empty, and S3 does not replicate  for GraceLooks looks, then failed LEFT_OUT
//	the object's storage class
//	status COMPLETED, and a rule by tag      for GoneLooks looks in a row, then failed TAGS_MATCH_NOW: the status
//	selects the tags of now, where the       may be of another replica
//	status need not be of this replica
//	status COMPLETED                         for GoneLooks looks in a row, then failed REPLICA_MISSING, with
//	                                         the lifecycle rule that may have removed it
//	S3 told that it gave up this replica     failed REPLICATION_FAILED at once, with S3's cause
//	status REPLICA                           for GraceLooks looks, then failed REPLICA_NOT_REPLICATED: S3 does
//	                                         not replicate replicas
//	status FAILED                            until the deadline, then failed REPLICATION_FAILED; where no other
//	                                         replica is missing, so that it must be this one which failed,
//	                                         already after GaveUpLooks looks in a row
//	status empty, and a rule by tag selects  for GraceLooks looks, then failed TAGS_MATCH_NOW
//	the tags of now
//	an object, status empty                  for GraceLooks looks, then failed NOT_REPLICATED
//	anything else                            until the deadline, then failed REPLICA_MISSING
//
// Delete markers have a deadline of their own; that of objects grows with the size.
//
// # S3's notifications
//
// A notification of S3 that it gave up a replication (Event.GaveUp) is judged like
// an upload but for this:
//
//	the rules lead to the destination  that replica alone is judged; the others are the business of the
//	                                   upload's own message
//	the rules don't, any more          all replicas are judged
//	the replica is missing             see above
//	both sides hold the object, and    failed REPLICATION_FAILED, with S3's cause and ChangeBasis, unless
//	S3 gave up a later change          Compare shows a difference
//
// A notification of a change tells nothing of a replica that is missing. A delete
// marker can't be changed, so whatever S3 gave up is the marker.
//
// # Several replicas
//
// Each has an entry. The version has the outcome that comes first: failed,
// lagging, reading, skipped, verified; with the worst reason (reason.Severity), or
// the weakest evidence, of the entries that have it. So a failure never waits, all
// replicas are there before the bytes of one are read, and verified means every
// replica.
//
// # Two objects
//
//	Compare shows a difference        failed SIZE_MISMATCH or CONTENT_MISMATCH
//	S3 told of a change               see above
//	their bytes were read             see "Bytes"
//	their bytes are to be read        reading
//	Compare verifies                  verified
//	inconclusive                      failed INCONCLUSIVE
//
// Policy.Bytes says whose bytes are to be read: inconclusive is neither passed nor
// told as a mismatch where it can be decided.
//
// What is verified may differ in metadata: that is a finding METADATA_DIFFERS about
// it or, with Policy.AlertMetadata, failed METADATA_DIFFERS. Where what may change
// differs (tags, Object Lock), it is lagging for MetadataLooks looks in a row
// first, before bytes are read, too.
//
// # Compare
//
// Compare goes from the strongest evidence to the weakest and stops at the first
// that both sides have (packages checksum and etag say why):
//
//	sizes                        differ: SIZE_MISMATCH
//	FULL_OBJECT, same algorithm  all equal: verified; any different: CONTENT_MISMATCH
//	COMPOSITE, same algorithm    all equal, -N included: verified; any different: inconclusive
//	ETags, both MD5-based        equal, -N included: verified
//	                             both single-part and different: CONTENT_MISMATCH
//	                             else: inconclusive
//	nothing                      inconclusive
//
// Where that is inconclusive and both sides have a checksum of one algorithm, on
// one side at least of its parts, the parts may tell (Replica.Parts). Between two
// borders of parts that both sides have lies a piece; a full-object checksum is
// one piece. The checksum of a piece is that of its only part, or, with a CRC,
// combined from those of its parts:
//
//	a piece differs              CONTENT_MISMATCH, naming the first
//	all pieces are equal         verified
//	else                         inconclusive: nothing but the bytes combines other checksums
//	parts can't be had, or don't
//	make up the side's checksum  inconclusive
//
// A checksum or an ETag that can't be read counts as absent.
//
// # Bytes
//
//	a block differs                  failed CONTENT_MISMATCH, whatever else was found: both
//	                                 sides were read there
//	reading broke                    not read: WORKFLOW_ERROR
//	primary missing                  skipped SOURCE_DELETED
//	primary anything but all bytes   not read, for the reason of what it shows
//	replica missing                  until the deadline, then failed REPLICA_MISSING: looked at again, as the
//	                                 primary may be expiring, too
//	replica anything but all bytes   not read, for the reason of what it shows
//	not every byte was compared      not read: INCONCLUSIVE
//	the bytes of a side disagree     failed RECORD_DISAGREES: the content is equal, but not what was uploaded,
//	with its stored CRC64NVME        or the record is damaged
//	all bytes equal                  verified: bytes read on both sides
//
// The reasons of what a side shows are UNREADABLE_SSE_C, ARCHIVED, ACCESS_DENIED,
// NO_READER and, of all else, UNREACHABLE. What was not read is
//
//	verified by Compare, and archived  verified by what Compare found: a restore costs more than it tells
//	verified by Compare                failed BYTES_NOT_READ, with that evidence
//	else                               failed for the reason named
//
// CONTENT_MISMATCH and RECORD_DISAGREES name the side whose bytes disagree with its
// own stored full-object CRC64NVME, where one does (Entry.Damaged).
package verdict
