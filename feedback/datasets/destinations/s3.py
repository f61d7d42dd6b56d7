"""A bucket of S3 or of a server that speaks its language. An object appears when all of its parts are there."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from feedback.datasets.destinations.place import Cargo, Heartbeat, NotCarried, Place, Progress, secret, told_plainly
from feedback.files import sha256_of

PART = 16 * 1024 * 1024  # held in memory; S3 takes no smaller part than 5 MB, but for the last
PARTS = 10_000  # of an object at most


class S3(Place, tag="s3", frozen=True):
    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    access_key_file: str = ""
    access_key_env: str = ""
    secret_key_file: str = ""
    secret_key_env: str = ""

    def carry(self, cargo: Cargo, cursor: dict[str, Any], heartbeat: Heartbeat) -> Progress:
        """One part at a time. A part that was sent and not noted is sent again, in its own place."""
        from botocore.exceptions import BotoCoreError, ClientError

        with told_plainly(BotoCoreError, ClientError):
            bucket = Bucket(
                self.client(), self.bucket, "/".join([*filter(None, [self.prefix]), *cargo.folder, cargo.name])
            )
            if "upload" not in cursor:
                if bucket.has(cargo):
                    return Progress({}, cargo.n_bytes, f"s3://{self.bucket}/{bucket.key}")
                return Progress({"upload": bucket.begin(cargo), "parts": []}, 0)
            size = max(PART, -(-cargo.n_bytes // PARTS))
            done = len(cursor["parts"]) * size
            if done < cargo.n_bytes or not cursor["parts"]:
                tag = bucket.send_part(cargo, cursor["upload"], len(cursor["parts"]) + 1, size)
                if tag is None:
                    return Progress({}, 0)  # the upload is over: looked at from the beginning
                return Progress({**cursor, "parts": [*cursor["parts"], tag]}, min(done + size, cargo.n_bytes))
            bucket.complete(cursor)
            bucket.verify(cargo, heartbeat)
            return Progress(cursor, cargo.n_bytes, f"s3://{self.bucket}/{bucket.key}")

    def client(self) -> Any:
        """Without keys of its own, what the machine is allowed to (boto3's own ways to find that out)."""
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=10, read_timeout=60, retries={"max_attempts": 3, "mode": "standard"}, proxies={},
            request_checksum_calculation="when_required", response_checksum_validation="when_required",
        )  # fmt: skip
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint or None,
            region_name=self.region,
            aws_access_key_id=secret(self.access_key_file, self.access_key_env),
            aws_secret_access_key=secret(self.secret_key_file, self.secret_key_env),
            config=config,
        )


class Bucket:
    """One object, and what is on its way to it."""

    def __init__(self, client: Any, name: str, key: str) -> None:
        self.client, self.key, self.there = client, key, {"Bucket": name, "Key": key}

    def has(self, cargo: Cargo) -> bool:
        """Whether this very file lies there: we wrote its hash beside it when it was whole."""
        try:
            found = self.client.head_object(**self.there)
        except self.client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return bool(found["ContentLength"] == cargo.n_bytes and found["Metadata"].get("sha256") == cargo.sha256)

    def begin(self, cargo: Cargo) -> str:
        """A new upload; what a worker left behind who died is given up."""
        name = {"Bucket": self.there["Bucket"]}
        left = self.client.list_multipart_uploads(**name, Prefix=self.key).get("Uploads", [])
        for one in left:
            if one["Key"] == self.key:
                self.client.abort_multipart_upload(**self.there, UploadId=one["UploadId"])
        about = {"ContentType": cargo.kind, "Metadata": {"sha256": cargo.sha256}}
        return str(self.client.create_multipart_upload(**self.there, **about)["UploadId"])

    def send_part(self, cargo: Cargo, upload: str, number: int, size: int) -> str | None:
        """Its tag. The server compares the MD5 of what it got. None when it knows nothing of the upload any more."""
        with cargo.open() as file:
            file.seek((number - 1) * size)
            data = file.read(size)
        md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        what = {"UploadId": upload, "PartNumber": number, "Body": data, "ContentMD5": md5}
        try:
            return str(self.client.upload_part(**self.there, **what)["ETag"])
        except self.client.exceptions.NoSuchUpload:
            return None

    def complete(self, cursor: dict[str, Any]) -> None:
        """Whoever completed it and died before he could say so left it complete."""
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(cursor["parts"], 1)]
        try:
            whole = {"UploadId": cursor["upload"], "MultipartUpload": {"Parts": parts}}
            self.client.complete_multipart_upload(**self.there, **whole)
        except self.client.exceptions.NoSuchUpload:
            return

    def verify(self, cargo: Cargo, heartbeat: Heartbeat) -> None:
        """Read it back: tags of objects in parts are no hash of the file, and differ between servers."""
        if sha256_of(self.client.get_object(**self.there)["Body"], heartbeat) != cargo.sha256:
            self.client.delete_object(**self.there)
            raise NotCarried("What arrived is not what was sent.")
