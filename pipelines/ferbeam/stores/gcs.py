"""Google Cloud Storage, by the default credentials of the environment."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from ferbeam.stores.store import (
    STAMP,
    UNREACHABLE,
    SentFile,
    Stored,
    StoreError,
    split_uri,
    stamped,
)

_CODES = {401: "AccessDenied", 403: "AccessDenied", 412: "PreconditionFailed"}
_RETRY = DEFAULT_RETRY.with_timeout(20)
_TIMEOUT = (5, 15)
"""Seconds to connect, and between two bytes."""
# Writing again is safe: it is the same bytes, and each write replaces the object whole.
_WRITING: dict[str, Any] = {"checksum": "crc32c", "retry": _RETRY, "timeout": _TIMEOUT}


class GcsStore:
    """The objects of all buckets."""

    def __init__(self) -> None:
        with _telling("gs://"):
            self._client = storage.Client()

    def find(self, uri: str) -> Stored | None:
        """Looks up an object; None if it is not there."""
        with _telling(uri):
            blob = self._blob(uri)
            try:
                blob.reload(retry=_RETRY, timeout=_TIMEOUT)
            except NotFound:
                return None
            return _stored(uri, blob)

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yields the objects whose URI begins with `prefix`, in order of their names."""
        bucket, name = split_uri(prefix)
        with _telling(prefix, missing="NoSuchBucket"):
            for blob in self._client.list_blobs(bucket, prefix=name, retry=_RETRY):
                yield _stored(f"gs://{bucket}/{blob.name}", blob)

    def read(self, stored: Stored, start: int, end: int) -> bytes:
        """Reads the bytes from `start` up to `end` of an object that is not empty."""
        with _telling(stored.uri, missing="PreconditionFailed"):
            blob = self._blob(stored.uri, int(stored.version))
            # As stored: Google would unpack what was uploaded packed.
            data = blob.download_as_bytes(
                start=start,
                end=end - 1,
                raw_download=True,
                checksum=None,
                retry=_RETRY,
                timeout=_TIMEOUT,
            )
            return bytes(data)

    def write(self, uri: str, data: bytes, stamp: str = "") -> None:
        """Writes an object by one PUT; the stamp stays with it."""
        with _telling(uri, missing="NoSuchBucket"):
            self._stamped(uri, stamp).upload_from_file(io.BytesIO(data), size=len(data), **_WRITING)

    def create(self, uri: str, data: bytes, stamp: str = "") -> bool:
        """Writes an object unless one is there; tells whether it did."""
        with _telling(uri, missing="NoSuchBucket"):
            file, blob = io.BytesIO(data), self._stamped(uri, stamp)
            try:
                blob.upload_from_file(file, size=len(data), if_generation_match=0, **_WRITING)
            except PreconditionFailed:
                return False
        return True

    def upload(self, path: str, uri: str, stamp: str = "") -> None:
        """Writes a local file as an object by one PUT, from 8 MiB after asking where to."""
        with _telling(uri, missing="NoSuchBucket"), SentFile(path) as file:
            size = os.stat(path).st_size
            self._stamped(uri, stamp).upload_from_file(file, size=size, **_WRITING)

    def copy(self, uri: str, to: str, stamp: str = "") -> None:
        """Makes an object of the bytes of another, by one request however many they are."""
        with _telling(uri):
            made = self._stamped(to, stamp)
            made.compose([self._blob(uri)], retry=_RETRY, timeout=_TIMEOUT)

    def remove(self, uris: Iterable[str]) -> None:
        """Removes objects; one that is not there is none too many."""
        for uri in uris:
            with _telling(uri):
                try:
                    self._blob(uri).delete(retry=_RETRY)
                except NotFound:
                    continue

    def _stamped(self, uri: str, stamp: str) -> Any:
        blob = self._blob(uri)
        blob.metadata = stamped(stamp) or None
        return blob

    def _blob(self, uri: str, generation: int | None = None) -> Any:
        bucket, name = split_uri(uri)
        return self._client.bucket(bucket).blob(name, generation=generation)


def _stored(uri: str, blob: Any) -> Stored:
    # An object put together from others has no MD5.
    kind, value = ("md5", blob.md5_hash) if blob.md5_hash else ("crc32c", blob.crc32c)
    checksum = f"{kind}:{base64.b64decode(value).hex()}"
    changed = int(blob.updated.timestamp() * 1_000_000_000)
    stamp = (blob.metadata or {}).get(STAMP, "")
    return Stored(uri, int(blob.size), checksum, str(blob.generation), changed, stamp)


@contextmanager
def _telling(uri: str, missing: str = "NoSuchKey") -> Iterator[None]:
    """Turns the errors of the client into one that names the object and says what is wrong."""
    try:
        yield
    except NotFound as error:
        raise StoreError(uri, str(error), missing) from error
    except InvalidResponse as error:
        status = error.response.status_code
        code = missing if status == 404 else _CODES.get(status, str(status))
        raise StoreError(uri, f"the store answers {status}: {error}", code) from error
    except GoogleAuthError as error:
        raise StoreError(uri, f"no credentials for the store: {error}", "") from error
    except RetryError as error:
        raise StoreError(uri, f"the store answers: {error}", UNREACHABLE) from error
    except GoogleAPIError as error:
        code = _CODES.get(number := int(getattr(error, "code", 0) or 0), str(number))
        raise StoreError(uri, f"the store answers: {error}", code) from error
    except (DataCorruption, RequestException) as error:
        raise StoreError(uri, f"the store cannot be used: {error}", UNREACHABLE) from error
