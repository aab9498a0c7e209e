#!/usr/bin/env python3
"""Checks that boto3's and the aws CLI's defaults work with the local S3.

usage: boto3_check.py ENDPOINT     (a running testdata/serve, an empty one)
Needs boto3, and aws on the PATH or in $AWS.
"""
import base64, filecmp, hashlib, os, subprocess, sys, tempfile, time, urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
PRIMARY, REPLICA = "us-east-1", "eu-west-1"
os.environ.update(AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="SECRET", AWS_DEFAULT_REGION=PRIMARY,
                  AWS_ENDPOINT_URL=ENDPOINT, AWS_EC2_METADATA_DISABLED="true")
s3, far = (boto3.client("s3", region_name=region) for region in (PRIMARY, REPLICA))
KEYS = ["plain", "with space", "a+b", "a%2Fb", '"quoted"', "new\nline", "emoji 🗄", "a//b", "k" * 1024]


def aws(*args):
    done = subprocess.run([os.environ.get("AWS", "aws"), *args], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"aws {' '.join(args)}: {done.stdout}{done.stderr}"
    return done.stdout


def refused(status, call, **kwargs):
    try:
        call(**kwargs)
    except ClientError as error:
        got = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert got == status, f"{status} expected: {error}"
        return error.response
    raise AssertionError(f"{status} expected, but it worked: {kwargs}")


def buckets():
    s3.create_bucket(Bucket="source")
    far.create_bucket(Bucket="copies", CreateBucketConfiguration={"LocationConstraint": REPLICA})
    for client, name in ((s3, "source"), (far, "copies")):
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        client.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_bucket_replication(Bucket="source", ReplicationConfiguration={
        "Role": "arn:aws:iam::111122223333:role/replication",
        "Rules": [{"ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {}, "DeleteMarkerReplication": {"Status": "Enabled"},
                   "Destination": {"Bucket": "arn:aws:s3:::copies"}}]})
    assert s3.get_bucket_replication(Bucket="source")["ReplicationConfiguration"]["Rules"][0]["ID"] == "all"
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["copies", "source"]
    # boto3 follows the redirect to the bucket's region by itself.
    assert s3.head_bucket(Bucket="copies")["BucketRegion"] == REPLICA


def objects():
    for key in KEYS:
        s3.put_object(Bucket="source", Key=key, Body=key.encode(), Metadata={"a": "b"})
        got = s3.get_object(Bucket="source", Key=key)
        assert got["Body"].read() == key.encode() and got["Metadata"] == {"a": "b"}, key
    listed = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="source", PaginationConfig={"PageSize": 2})
              for o in page["Contents"]]
    assert sorted(listed) == sorted(KEYS), listed
    assert s3.get_object(Bucket="source", Key="plain", Range="bytes=-2")["Body"].read() == b"in"
    refused(416, s3.get_object, Bucket="source", Key="plain", Range="bytes=99-")
    refused(400, s3.put_object, Bucket="source", Key="k", Body=b"x", ContentMD5=base64.b64encode(hashlib.md5(b"y").digest()).decode())
    refused(501, s3.get_object_acl, Bucket="source", Key="plain")
    refused(404, s3.get_object, Bucket="source", Key="nobody")


def algorithms():
    for name in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128"):
        s3.put_object(Bucket="source", Key="sum-" + name, Body=b"hello", ChecksumAlgorithm=name)
        head = s3.head_object(Bucket="source", Key="sum-" + name, ChecksumMode="ENABLED")
        assert head["Checksum" + name] and head["ChecksumType"] == "FULL_OBJECT", name
        assert s3.get_object(Bucket="source", Key="sum-" + name, ChecksumMode="ENABLED")["Body"].read() == b"hello"


def replication():
    put = s3.put_object(Bucket="source", Key="copied", Body=b"copied")
    for _ in range(100):
        if s3.head_object(Bucket="source", Key="copied")["ReplicationStatus"] == "COMPLETED":
            break
        time.sleep(0.1)
    copy = far.head_object(Bucket="copies", Key="copied", VersionId=put["VersionId"])
    assert copy["ReplicationStatus"] == "REPLICA" and copy["ETag"] == put["ETag"], copy
    marker = s3.delete_object(Bucket="source", Key="copied")["VersionId"]
    gone = refused(405, s3.head_object, Bucket="source", Key="copied", VersionId=marker)
    assert gone["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"


def cli():
    folder = scratch
    big, back = os.path.join(folder, "20MB"), os.path.join(folder, "back")
    with open(big, "wb") as f:
        f.write(os.urandom(20_000_000))
    aws("s3", "cp", big, "s3://source/cli/20MB")
    head = s3.head_object(Bucket="source", Key="cli/20MB", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-3"') and head["ContentLength"] == 20_000_000, head
    aws("s3", "cp", "s3://source/cli/20MB", back)
    assert filecmp.cmp(big, back, shallow=False)
    assert "20000000 20MB" in aws("s3", "ls", "s3://source/cli/")
    assert "PRE cli/" in aws("s3", "ls", "s3://source")
    assert "source" in aws("s3", "ls")
    aws("s3", "cp", "s3://copies/cli/20MB", back, "--region", REPLICA)
    aws("s3", "sync", folder, "s3://source/synced/")
    aws("s3", "rm", "s3://source/cli/20MB")
    aws("s3", "rm", "s3://source/synced/", "--recursive")
    refused(404, s3.head_object, Bucket="source", Key="cli/20MB")
    aws("s3api", "list-object-versions", "--bucket", "source", "--prefix", "cli/")
    aws("s3", "mb", "s3://made-by-cli", "--region", REPLICA)
    aws("s3", "rb", "s3://made-by-cli", "--region", REPLICA)


def upload_file():
    folder = scratch
    s3.upload_file(os.path.join(folder, "20MB"), "source", "managed")
    s3.download_file("source", "managed", os.path.join(folder, "managed"))
    assert filecmp.cmp(os.path.join(folder, "20MB"), os.path.join(folder, "managed"), shallow=False)
    signer = boto3.client("s3", region_name=PRIMARY, config=Config(signature_version="s3v4"))
    url = signer.generate_presigned_url("get_object", Params={"Bucket": "source", "Key": "plain"})
    assert urllib.request.urlopen(url).read() == b"plain"


def empty():
    for client, name in ((s3, "source"), (far, "copies")):
        for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
            found = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
            if found:
                assert not client.delete_objects(Bucket=name, Delete={"Objects": found}).get("Errors")
        client.delete_bucket(Bucket=name)
    assert s3.list_buckets()["Buckets"] == []


with tempfile.TemporaryDirectory() as scratch:
    for check in (buckets, objects, algorithms, replication, cli, upload_file, empty):
        started = time.monotonic()
        check()
        print(f"ok {check.__name__} ({time.monotonic() - started:.1f} s)")
