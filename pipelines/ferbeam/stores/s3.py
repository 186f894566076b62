"""S3 and what speaks its protocol. The environment names endpoint, region and credentials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as NotConnectedError,
)

from ferbeam.stores.store import (
    STAMP,
    UNREACHABLE,
    SentFile,
    Stored,
    StoreError,
    split_uri,
    stamped,
)

_LARGEST_PUT = 5 << 30
"""Larger ones S3 takes in parts only; they, too, appear whole or not at all."""
_REMOVED_AT_ONCE = 1000
_READ_ATTEMPTS = 3
_CUT_OFF = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_NOT_REACHED = (NotConnectedError, HTTPClientError, *_CUT_OFF)
_CODES = {"404": "NoSuchKey", "403": "AccessDenied", "412": "PreconditionFailed"}
"""What HEAD requests answer, which have no body to say more."""
_NOT_ALONE = ("PreconditionFailed", "412", "ConditionalRequestConflict", "409")
"""An object is there, or is being written."""
_UNCONDITIONAL = ("NotImplemented", "501")
"""The store knows no conditions for what is written."""
_DENIED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "AllAccessDisabled")


class S3Store:
    """The objects of all buckets of one endpoint."""

    def __init__(self) -> None:
        config = Config(
            retries={"mode": "standard", "max_attempts": 3}, connect_timeout=5, read_timeout=15
        )
        try:
            self._client = boto3.session.Session().client("s3", config=config)
        except (BotoCoreError, ValueError) as error:
            raise StoreError("s3://", f"cannot be set up: {error}") from error

    def find(self, uri: str) -> Stored | None:
        """Looks up an object; None if it is not there."""
        bucket, name = split_uri(uri)
        try:
            with _telling(uri):
                found = self._client.head_object(Bucket=bucket, Key=name)
        except FileNotFoundError:
            return None
        changed = found["LastModified"].timestamp()
        stored = _stored(uri, found["ContentLength"], found["ETag"], changed)
        return replace(stored, stamp=found.get("Metadata", {}).get(STAMP, ""))

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yields the objects whose URI begins with `prefix`, in order of their names."""
        bucket, name = split_uri(prefix)
        with _telling(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=name):
                for found in page.get("Contents", ()):
                    uri = f"s3://{bucket}/{found['Key']}"
                    changed = found["LastModified"].timestamp()
                    yield _stored(uri, found["Size"], found["ETag"], changed)

    def read(self, stored: Stored, start: int, end: int) -> bytes:
        """Reads the bytes from `start` up to `end` of an object that is not empty."""
        bucket, name = split_uri(stored.uri)
        place = {"Bucket": bucket, "Key": name, "Range": f"bytes={start}-{end - 1}"}
        for left in reversed(range(_READ_ATTEMPTS)):
            with _telling(stored.uri):
                answer = self._client.get_object(**place, IfMatch=stored.version)
                try:
                    return bytes(answer["Body"].read())
                except _CUT_OFF:  # the client tries again only up to the first byte
                    if not left:
                        raise
        raise AssertionError

    def write(self, uri: str, data: bytes, stamp: str = "") -> None:
        """Writes an object by one PUT; the stamp stays with it."""
        bucket, name = split_uri(uri)
        with _telling(uri):
            self._client.put_object(Bucket=bucket, Key=name, Body=data, Metadata=stamped(stamp))

    def create(self, uri: str, data: bytes, stamp: str = "") -> bool:
        """Writes an object unless one is there; tells whether it did."""
        bucket, name = split_uri(uri)
        what = {"Bucket": bucket, "Key": name, "Body": data, "Metadata": stamped(stamp)}
        with _telling(uri):
            try:
                self._client.put_object(**what, IfNoneMatch="*")
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code not in (*_NOT_ALONE, *_UNCONDITIONAL):
                    raise
                if code in _NOT_ALONE or self.find(uri) is not None:
                    return False
                self._client.put_object(**what)
        return True

    def upload(self, path: str, uri: str, stamp: str = "") -> None:
        """Writes a local file as an object by one PUT, or in parts from 5 GiB."""
        bucket, name = split_uri(uri)
        config = TransferConfig(multipart_threshold=_LARGEST_PUT, use_threads=False)
        with _telling(uri), SentFile(path) as file:
            extra = {"Metadata": stamped(stamp)}
            self._client.upload_fileobj(file, bucket, name, ExtraArgs=extra, Config=config)

    def copy(self, uri: str, to: str, stamp: str = "") -> None:
        """Makes an object of the bytes of another, by one request, or in parts from 5 GiB."""
        source, target = (
            dict(zip(("Bucket", "Key"), split_uri(each), strict=True)) for each in (uri, to)
        )
        config = TransferConfig(multipart_threshold=_LARGEST_PUT, use_threads=False)
        extra = {"Metadata": stamped(stamp), "MetadataDirective": "REPLACE"}
        with _telling(uri):
            self._client.copy(source, *target.values(), ExtraArgs=extra, Config=config)

    def remove(self, uris: Iterable[str]) -> None:
        """Removes objects of one bucket; one that is not there is none too many."""
        names = [split_uri(uri) for uri in uris]
        for at in range(0, len(names), _REMOVED_AT_ONCE):
            bucket = names[at][0]
            keys = [{"Key": name} for _, name in names[at : at + _REMOVED_AT_ONCE]]
            with _telling(f"s3://{bucket}"):
                answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": keys})
            for error in answer.get("Errors", ()):
                raise StoreError(f"s3://{bucket}/{error['Key']}", error["Message"], error["Code"])


def _stored(uri: str, size: int, etag: str, changed: float) -> Stored:
    checksum = "etag:" + etag.strip('"')
    return Stored(uri, size, checksum, etag, int(changed * 1_000_000_000))


@contextmanager
def _telling(uri: str) -> Iterator[None]:
    """Turns the errors of the client into one that names the object and says what is wrong."""
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        code = _CODES.get(told.get("Code", ""), told.get("Code", ""))
        text = f"the store answers {told.get('Code')}: {told.get('Message')}"
        raise _error(uri, text, "AccessDenied" if code in _DENIED else code) from error
    except BotoCoreError as error:
        code = UNREACHABLE if isinstance(error, _NOT_REACHED) else ""
        raise StoreError(uri, f"the store cannot be used: {error}", code) from error


def _error(uri: str, text: str, code: str) -> StoreError | FileNotFoundError:
    if code == "NoSuchKey":
        return FileNotFoundError(f"{uri}: does not exist")
    return StoreError(uri, text, code)
