"""What a script of a few lines does: both sides of each object version, one
after the other, with boto3. It prints the seconds that this took.

    validator.py OBJECTS.json URL BUCKET REPLICA_URL REPLICA_BUCKET ACCESS_KEY SECRET_KEY
"""
import json
import sys
import time

import boto3

objects, url, bucket, replica_url, replica_bucket, access_key, secret_key = sys.argv[1:]


def client(endpoint):
    return boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1" if endpoint == url else "eu-west-1",
                        aws_access_key_id=access_key, aws_secret_access_key=secret_key)


def look(s3, name, o):
    seen = s3.head_object(Bucket=name, Key=o["key"], VersionId=o["version"], ChecksumMode="ENABLED")
    return seen["ContentLength"], seen["ETag"], {k: v for k, v in seen.items() if k.startswith("Checksum")}


primary, replica = client(url), client(replica_url)
with open(objects, encoding="utf-8") as file:
    versions = json.load(file)
start = time.monotonic()
for version in versions:
    if look(primary, bucket, version) != look(replica, replica_bucket, version):
        sys.exit(f"{version} differs")
print(time.monotonic() - start)
