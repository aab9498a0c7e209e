// Package verdict is the heart: the answers of both sides about one object
// version go in, a verdict comes out. It does no I/O and reads no clock. This
// comment is its specification; every row has a test of its own.
//
// The rules are tried from the top. Primary and replica are read at the same
// version id, which replication keeps
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html).
//
// By the event and the primary:
//
//	delete marker made by lifecycle     skipped LIFECYCLE_MARKER: S3 does not replicate those
//	rules can't be followed             failed RULE_NOT_SUPPORTED
//	sse-c                               failed UNREADABLE_SSE_C
//	archived                            failed ARCHIVED
//	denied                              lagging for DeniedLooks looks in a row, then failed ACCESS_DENIED
//	unreachable                         lagging for UnreachableLooks looks in a row, then failed UNREACHABLE
//	missing                             skipped SOURCE_DELETED; a replica that is denied or
//	                                    unreachable is first looked at as often as above
//	status REPLICA                      skipped IS_REPLICA
//	no replica: no rule covers the key  lagging for GraceLooks looks, then failed NOT_REPLICATED
//
// An event may come late, so what is there decides between object and delete
// marker, not the event. Then every replica by itself:
//
//	primary  replica
//	any      denied, unreachable, sse-c,
//	         archived                    as the primary
//	any      the other of object/marker  failed CONTENT_MISMATCH
//	marker   rule ignores markers        nothing is expected; all do: skipped MARKER_NOT_REPLICATED
//	marker   marker                      verified: delete marker
//	marker   missing                     lagging until the marker deadline, then failed REPLICA_MISSING
//	object   missing, status empty       lagging for GraceLooks looks, then failed NOT_REPLICATED
//	object   missing, status FAILED      failed REPLICATION_FAILED: at once where operators were alerted
//	                                     by S3's notification, else after GaveUpLooks looks in a row or
//	                                     at the deadline; where several replicas are missing, which one
//	                                     failed can't be told: lagging until the deadline first
//	object   missing, any other status   lagging until the deadline, then failed REPLICA_MISSING
//	object   object                      by Compare; where that is verified, other metadata is a finding
//	                                     METADATA_DIFFERS about the verified verdict, or with
//	                                     Policy.AlertMetadata failed METADATA_DIFFERS; where what may change
//	                                     differs (tags, Object Lock), lagging for MetadataLooks looks in a
//	                                     row first
//
// Looks in a row are those, up to this one, at which any side was denied or
// unreachable. One look that reads every side starts the count anew.
//
// The worst replica decides: failed, then lagging, then verified with the
// weakest evidence. A failure never waits for a lagging sibling.
//
// Compare goes from the strongest evidence to the weakest and stops at the
// first that both sides have (packages checksum and etag say why):
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
// one side at least of its parts, the parts may tell (Side.Parts). Between two
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
// A checksum or an ETag that can't be read counts as absent. Inconclusive is
// neither passed nor told as a mismatch: by Policy.Bytes it is reading, and what
// that comes to is the verdict, or it is failed INCONCLUSIVE. What is verified may
// be reading, too; where it turns out to be archived, it stays verified by what
// Compare found. All replicas are there before one is read. JudgeBytes has the
// rules of what was read, tried from the top:
//
//	a block differs                  failed CONTENT_MISMATCH, whatever else was found: both
//	                                 sides were read there
//	primary missing                  skipped SOURCE_DELETED
//	replica missing                  lagging REPLICA_MISSING: looked at again, as the primary may
//	                                 be expiring, too
//	archived, sse-c, denied          failed ARCHIVED, UNREADABLE_SSE_C, ACCESS_DENIED
//	nothing can read there           failed RULE_NOT_SUPPORTED
//	anything else but all bytes      failed UNREACHABLE
//	the bytes of a side disagree     failed INCONCLUSIVE: the content is equal, but not what
//	with its stored CRC64NVME        was uploaded, or the record is damaged
//	all bytes equal                  verified: bytes read on both sides
//
// The detail of a CONTENT_MISMATCH names the side whose bytes disagree with its
// own stored full-object CRC64NVME, or says "side unknown".
package verdict
