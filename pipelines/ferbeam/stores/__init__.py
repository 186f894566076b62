"""Object stores, S3 and Google Cloud Storage: exact ranges, single PUTs, and clear errors.

Their clients are called directly, not through Beam's file systems, which take what they are given
differently: `s3://` reads 16 MiB at a time over a request without an end, writes every file in
three requests, and completes the upload even where writing failed half-way, so that a cut file is
left in place; empty files cannot be written at all; a bucket that does not exist lists as empty;
`gs://` deletes what a name matches as a glob; and every call builds a client of its own.
Endpoint and credentials come from the environment alone, so that every worker process has them.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from fer_core.errors import UsageError
from ferbeam.stores.store import Store

_NEEDED = {"s3": "boto3", "gs": "google.cloud.storage"}


def is_uri(path: str) -> bool:
    """Tells whether a path lies in a store rather than on this machine."""
    return "://" in path


def check_uri(path: str) -> None:
    """Checks that a URI names a place in a store that is known here.

    Raises:
        UsageError: it does not, or what reads that store is not installed.
    """
    scheme, _, rest = path.partition("://")
    if scheme not in _NEEDED:
        raise UsageError(f"{path}: a folder, s3://BUCKET/... or gs://BUCKET/... would be right")
    if not rest.partition("/")[0]:
        raise UsageError(f"{path}: names no bucket, {scheme}://BUCKET/... would be right")
    if not _is_installed(_NEEDED[scheme]):
        raise UsageError(f"{path}: needs a package more; pip install 'ferbeam[{scheme}]'")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a parent
        return False


def store_of(uri: str) -> Store:
    """Returns the store of a URI.

    Raises:
        UsageError: of another kind than `s3://` and `gs://`.
    """
    check_uri(uri)
    return _load(uri.partition("://")[0])


@cache
def _load(scheme: str) -> Store:
    """Makes the one client of a process: building it takes a tenth of a second."""
    if scheme == "s3":
        from ferbeam.stores.s3 import S3Store

        return S3Store()
    from ferbeam.stores.gcs import GcsStore

    return GcsStore()


def forget_clients() -> None:
    """Lets the next call make a client anew, for what the environment says then."""
    _load.cache_clear()
