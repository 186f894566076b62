"""The files of an OUTPUT folder: where they lie, and writing each of them whole or not at all."""

from __future__ import annotations

import io
import json
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ferbeam.stores import is_uri, store_of
from ferbeam.stores.sources import read_object

PART, TILES = ".mp4", ".tiles"
"""Endings of what a rendered span leaves until it is joined."""


def list_files(output: Output, folder: str) -> Iterator[str]:
    """Lists the files of a folder of OUTPUT, and those below it, as paths below OUTPUT."""
    if not output.is_local:
        root = output.path("")
        yield from (uri[len(root) :] for uri in output.list_below(folder))
        return
    for place, _, names in os.walk(output.path(folder)):
        below = os.path.relpath(place, output.root).replace(os.sep, "/")
        yield from (f"{below}/{name}" for name in sorted(names))


@dataclass(frozen=True)
class Output:
    """An OUTPUT folder, local or a URI.

    Attributes:
        root: the folder.
    """

    root: str

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return not is_uri(self.root)

    def path(self, *names: str) -> str:
        """Returns the path of a file below OUTPUT."""
        return "/".join((self.root.rstrip("/"), *names))

    def span_path(self, key: str) -> str:
        """Returns the path of a committed span."""
        return self.path(".spans", f"{key}.parquet")

    def rendered_path(self, key: str) -> str:
        """Returns the path of a rendered span of video."""
        return self.path(".spans", key + PART)

    def tiles_path(self, key: str) -> str:
        """Returns the path of what a rendered span has for the contact sheet."""
        return self.path(".spans", key + TILES)

    def copies_path(self, group: str) -> str:
        """Returns the path of the note that tells which copies of a group are there."""
        return self.path(".spans", "copies", f"{group}.json")

    def plan_path(self, group: str) -> str:
        """Returns the path of the plan of a group of media."""
        return self.path(".spans", "plans", f"{group}.json")

    def exists(self, path: str) -> bool:
        """Tells whether a file is there."""
        if self.is_local:
            return os.path.exists(path)
        return store_of(path).find(path) is not None

    def read(self, path: str) -> bytes:
        """Reads a whole file."""
        if self.is_local:
            with open(path, "rb") as file:
                return file.read()
        return read_object(path)

    def write(self, path: str, data: bytes) -> None:
        """Writes a file by one rename or one PUT: no reader ever sees a part of it."""
        if not self.is_local:
            store_of(path).write(path, data)
            return
        with self.making(path) as attempt, open(attempt, "wb") as file:
            file.write(data)

    @contextmanager
    def making(self, path: str) -> Iterator[str]:
        """Gives a local path to write a large file to; it is put in place whole, or not at all."""
        attempt = self._attempt_path()
        try:
            yield attempt
            if self.is_local:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.replace(attempt, path)
            else:
                store_of(path).upload(attempt, path)
        finally:
            if os.path.exists(attempt):
                os.unlink(attempt)

    def _attempt_path(self) -> str:
        """Returns where to write before the rename, on the disk of OUTPUT where it is local."""
        if not self.is_local:
            return os.path.join(tempfile.gettempdir(), f"ferbeam-{uuid.uuid4().hex}")
        attempt = self.path(".spans", f"tmp-{uuid.uuid4().hex}")
        os.makedirs(os.path.dirname(attempt), exist_ok=True)
        return attempt

    def remove(self, *paths: str) -> None:
        """Removes files that are there."""
        if not self.is_local:
            store_of(self.root).remove(paths)
            return
        for path in paths:
            os.unlink(path)

    def list_names(self, *folder: str) -> list[str]:
        """Lists the names in a folder; none where there is no such folder."""
        if not self.is_local:
            return [uri.rpartition("/")[2] for uri in self.list_below(*folder)]
        path = self.path(*folder)
        return os.listdir(path) if os.path.isdir(path) else []

    def list_below(self, *folder: str) -> list[str]:
        """Lists the URIs of all files below a folder of an OUTPUT in a store."""
        path = self.path(*folder, "")
        return [found.uri for found in store_of(path).list(path)]

    def remove_attempts(self) -> None:
        """Removes what writers that were killed had begun; only for when none is left."""
        for name in self.list_names(".spans") if self.is_local else ():
            if name.startswith("tmp-"):
                os.unlink(self.path(".spans", name))

    def write_table(self, path: str, table: pa.Table, facts: dict[str, str] | None = None) -> int:
        """Writes a Parquet file; `facts` are added to the metadata of its schema.

        Returns:
            Its size in bytes.
        """
        if facts:
            table = table.replace_schema_metadata({**(table.schema.metadata or {}), **facts})
        data = encode_table(table)
        self.write(path, data)
        return len(data)

    def read_table(self, path: str, columns: list[str] | None = None) -> pa.Table:
        """Reads a Parquet file, or some of its columns."""
        # Without threads: Arrow's abort one process in a hundred that ends soon after reading.
        data = io.BytesIO(self.read(path))
        file = pq.ParquetFile(data, pre_buffer=False, page_checksum_verification=True)
        return file.read(columns, use_threads=False)

    def write_json(self, path: str, value: Any) -> None:
        """Writes a JSON file, readable by people."""
        self.write(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())

    def read_json(self, path: str) -> Any | None:
        """Reads a JSON file, None if it is not there."""
        try:
            return json.loads(self.read(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, UnicodeDecodeError):
            return None


def encode_table(table: pa.Table) -> bytes:
    """Returns a table as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def copy_name(kind: str, medium: str) -> str:
    """Returns the path of a medium's annotated copy below OUTPUT; a video's is an MP4."""
    return f"annotated/{medium}" + (".mp4" if kind == "video" else "")


def sheet_name(medium: str) -> str:
    """Returns the path of a video's contact sheet below OUTPUT."""
    return f"sheets/{medium}.jpg"
