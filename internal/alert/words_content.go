package alert

import (
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// contentRows are about two copies that were compared.
var contentRows = []row{
	{reason.ContentMismatch, marker, words{
		what: "Under the same version id, {primary} has a delete marker and {replica} has an object.",
		why:  "What is deleted in {primary} is not in {replica}. S3's replication never gives one version id to two things.",
		next: keepBoth + "Find out what else than S3's replication writes to {replica}.",
	}},
	{reason.ContentMismatch, all(byBytes, damaged(verdict.PrimarySide)), words{
		what: "The bytes of both copies were read and differ. Those of {primary} are not the ones that S3 recorded when it took them (its own stored CRC64NVME); nothing of the kind is known of {replica}.",
		why:  "{primary} hands out content that is not what was uploaded. {replica} is the side to trust.",
		next: keepBoth + "Download this version from {replica} and check it. If it is right and this version is still the latest one, upload it to {primary}: the new version is replicated and looked at." + tellAWS,
	}},
	{reason.ContentMismatch, all(byBytes, damaged(verdict.ReplicaSide)), words{
		what: "The bytes of both copies were read and differ. Those of {replica} are not the ones that S3 recorded when it took them (its own stored CRC64NVME); nothing of the kind is known of {primary}.",
		why:  "A restore from {replica} would return content that is not what was uploaded. {primary} is the side to trust.",
		next: keepBoth + "Check this version in {primary}. If it is right, " + anew + tellAWS, copying: true,
	}},
	{reason.ContentMismatch, all(byBytes, damaged(verdict.BothSides)), words{
		what: "The bytes of both copies were read and differ, and neither are those that S3 recorded when it took them (each side's own stored CRC64NVME).",
		why:  "Neither {primary} nor {replica} can be trusted: both may have lost what was uploaded.",
		next: keepBoth + "Look for the content elsewhere: other replicas, older versions, or whoever uploaded it. Upload it to {primary} again: the new version is replicated and looked at." + tellAWS,
	}},
	{reason.ContentMismatch, byBytes, words{
		what: "The bytes of both copies were read and differ. Which side is damaged is not known: no stored checksum disagrees with its own side.",
		why:  "A restore from {replica} would return other content than {primary} holds, and either may be wrong.",
		next: keepBoth + "Download this version from both sides and decide which one is right, by a checksum of the uploader if there is one. Upload the right content to {primary} again, if this version is still the latest one: the new version is replicated and looked at." + tellAWS,
	}},
	{reason.ContentMismatch, byParts, words{
		what: "Both sides hold this version, but the checksums that S3 stores of its parts differ. The bytes were not read.",
		why:  "A restore from {replica} would return other content than {primary} holds. Stored checksums do not say which of the two is right.",
		next: keepBoth + "Download this version from both sides and decide which one is right. Upload the right content to {primary} again, if this version is still the latest one: the new version is replicated and looked at.",
	}},
	{reason.ContentMismatch, nil, words{
		what: "Both sides hold this version, but what S3 tells about the two differs. The bytes were not read.",
		why:  "A restore from {replica} would not return what {primary} holds. What was compared does not say which of the two is right.",
		next: keepBoth + "Look at this version on both sides (the commands below), download it where it is an object, and decide which side is right. Upload the right content to {primary} again, if this version is still the latest one: the new version is replicated and looked at.",
	}},
	{reason.SizeMismatch, nil, words{
		what: "Both sides hold this version, but the two copies differ in size.",
		why:  "A restore from {replica} would return other content than {primary} holds. What was compared does not say which of the two is right.",
		next: keepBoth + "Download this version from both sides and decide which one is right. Upload the right content to {primary} again, if this version is still the latest one: the new version is replicated and looked at.",
	}},
	{reason.RecordDisagrees, damaged(verdict.PrimarySide), words{
		what: "The bytes of both copies were read and are equal. But they are not those that S3 recorded when {primary} took them (its stored CRC64NVME).",
		why:  "Either the content was damaged in {primary} before it was replicated, and no copy of what was uploaded is left, or the record itself is damaged. Comparing the two sides can never show this again: they agree.",
		next: keepBoth + "Compare this version with what the uploader has. If it is damaged, upload the right content to {primary} again; if not, uploading it again makes a record that agrees. Older versions of the object may be good." + tellAWS,
	}},
	{reason.RecordDisagrees, damaged(verdict.ReplicaSide), words{
		what: "The bytes of both copies were read and are equal. But they are not those that S3 recorded for {replica} (its stored CRC64NVME).",
		why:  "Where {primary} has a CRC64NVME of its own, that agrees with the bytes: then the record of {replica} is damaged and the content is right. Where it has none, the content may be damaged on both sides.",
		next: keepBoth + "See by the commands below whether {primary} has a FULL_OBJECT CRC64NVME. If it has none, compare this version with what the uploader has. Uploading the right content to {primary} again makes records that agree." + tellAWS,
	}},
	{reason.RecordDisagrees, nil, words{
		what: "The bytes of both copies were read and are equal. But they are not those that S3 recorded, on either side (the stored CRC64NVME of each).",
		why:  "Either the content is damaged on both sides in the same way, and no copy of what was uploaded is left, or both records are damaged. Comparing the two sides can never show this again: they agree.",
		next: keepBoth + "Compare this version with what the uploader has. If it is damaged, upload the right content to {primary} again; if not, uploading it again makes records that agree. Older versions of the object may be good." + tellAWS,
	}},
	{reason.Inconclusive, byBytes, words{
		what: "Both sides hold this version, and what S3 stores of the two copies does not decide. Their bytes were to be read, but not every byte was compared. No difference was found.",
		why:  "The backup of this object is not validated.",
		next: "Have the message looked at again (see the end). If it comes to the same, read the execution and report it as a fault of Autobackup; meanwhile, download both copies and compare them.",
	}},
	{reason.Inconclusive, nil, words{
		what: "Both sides hold this version, but what S3 stores of the two copies does not decide, and the parameter ByteVerification has no bytes read. No difference was found.",
		why:  "The backup of this object is not validated.",
		next: "Set ByteVerification to inconclusive, deploy, and have the message looked at again (see the end); or download both copies and compare them. Uploads with a full-object checksum (CRC64NVME is the default of current SDKs) can be compared without their bytes.",
	}},
	{reason.BytesNotRead, forbidden, words{
		what: "What S3 stores of the two copies agrees ({evidence}), and that stays true. The bytes were to be read as well, and were not: a policy that no grant overrules refused the call that the line above names.",
		why:  "The copies are the same by their records. Bytes that were damaged in storage since would not show there.",
		next: overruled,
	}},
	{reason.BytesNotRead, nil, words{
		what: "What S3 stores of the two copies agrees ({evidence}), and that stays true. The bytes were to be read as well, and were not: the line above says why.",
		why:  "The copies are the same by their records. Bytes that were damaged in storage since would not show there.",
		next: "Do what the line above asks for: of \"denied\", permissions of the hash-bytes function in the region of that side; of \"no reader\", deploy replica.yaml there, and let the parameter ReplicaRegion of template.yaml name that region; of \"unreachable\", wait until S3 answers; of an error, read it in the execution. " + lookAgain,
	}},
	{reason.MetadataDiffers, nil, words{
		what: "The content of this version is verified on both sides, but settings that belong to it differ: content headers, user metadata, tags or Object Lock, as the line above says.",
		why:  "A restore from {replica} would return the right content under other settings, such as another content type, or with other protection.",
		next: "Compare the answers of the commands below, and for tags those of aws s3api get-object-tagging for the version on both sides. Tags, retention and legal holds can be set again on the side that is wrong; other headers belong to the version, so upload the object again.",
	}},
}
