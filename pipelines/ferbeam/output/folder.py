"""The files of a folder that ferbeam writes: where they lie; each is written whole or not."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ferbeam.output.local_folder import LocalFolder, remove_empty
from ferbeam.output.lost_lock import check_lock
from ferbeam.output.owned_names import LOCK
from ferbeam.output.stored_folder import StoredFolder
from ferbeam.stores import is_uri

PART, TILES = ".mp4", ".tiles"
"""Endings of what a rendered span leaves until it is joined."""
SUBTITLES = ".vtt"
"""Ending of what `export` may write beside the copy of a video."""
SMALL_BYTES = 2**16
"""A table that takes less in memory has too few rows for what packs it well."""


@dataclass(frozen=True)
class Folder:
    """A folder that ferbeam writes, local or a URI: an OUTPUT, DATA, or a model.

    Attributes:
        root: the folder.
    """

    root: str

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return not is_uri(self.root)

    def path(self, *names: str) -> str:
        """Returns the path of a file below the folder."""
        return "/".join((self.root.rstrip("/"), *names))

    @property
    def _files(self) -> LocalFolder | StoredFolder:
        return LocalFolder(self.root) if self.is_local else StoredFolder(self.root)

    def _to_change(self, *paths: str) -> LocalFolder | StoredFolder:
        """Returns the files to change some of them, if nobody has taken the lock over."""
        if paths != (self.path(LOCK),):
            check_lock(self.root)
        return self._files

    def exists(self, path: str) -> bool:
        """Tells whether a file is there.

        Raises:
            ForeignError: a step to it, below the folder, is a link.
        """
        return self._files.exists(path)

    def checked(self, path: str) -> str:
        """Returns a path that others open by its name.

        Raises:
            ForeignError: as of `exists`.
        """
        if self.is_local:
            self.exists(path)
        return path

    def read(self, path: str) -> bytes:
        """Reads a whole file.

        Raises:
            FileNotFoundError: it is not there.
            ForeignError: as of `exists`; or it is no file.
        """
        return self._files.read(path)

    def write(self, path: str, data: bytes) -> None:
        """Writes a file by one rename or one PUT: no reader ever sees a part of it.

        Raises:
            ForeignError: as of `exists`; or what lies there is not ours.
            NameRefusedError: the disk takes no file of that name.
            LockedError: another command has taken the lock over.
        """
        self._to_change(path).write(path, data)

    def making(self, path: str) -> AbstractContextManager[str]:
        """Gives a local path to write a large file to; it is put in place whole, or not at all.

        Raises:
            ForeignError: as of `write`.
            NameRefusedError: as of `write`.
        """
        return self._to_change(path).making(path)

    def move(self, source: str, target: str) -> None:
        """Puts a file of ours in another place, where it appears whole.

        Raises:
            ForeignError: as of `write`.
            NameRefusedError: as of `write`.
        """
        self._to_change(target).move(source, target)

    def refuse_foreign(self, path: str) -> None:
        """Refuses a place where what lies is not ours.

        Raises:
            ForeignError: as of `write`.
        """
        self._files.refuse_foreign(path)

    def keep(self, path: str, name: str) -> None:
        """Gives a file a second name, by which it stays when the first is replaced."""
        self._to_change(name).keep(path, name)

    def leave_mark(self, path: str, data: bytes) -> None:
        """Writes a small file that soon goes again.

        Raises:
            ForeignError: as of `write`.
        """
        self._to_change(path).leave_mark(path, data)

    def take_mark(self, path: str) -> None:
        """Takes such a file away.

        Raises:
            FileNotFoundError: it is not there.
            ForeignError: as of `exists`.
        """
        self._to_change(path).take_mark(path)

    def wrote(self, path: str) -> bool:
        """Tells whether what lies at a path is a file of ours.

        Raises:
            ForeignError: as of `exists`.
        """
        return self._files.wrote(path)

    def remove(self, *paths: str) -> None:
        """Removes files of ours; what else lies there stays.

        Raises:
            FileNotFoundError: one is not there, on this machine.
        """
        self._to_change(*paths).remove(paths)

    def remove_empty(self, path: str) -> None:
        """Removes a folder, and those in it, as far as no files lie in them."""
        if self.is_local:
            self._to_change(path)
            remove_empty(self.checked(path))

    def list_names(self, *folder: str) -> list[str]:
        """Lists the names in a folder; none where there is no such folder."""
        return self._files.list_names(*folder)

    def list_files(self, *folder: str) -> Iterator[str]:
        """Lists the files of a folder and those below it, links too, as paths below it.

        Raises:
            ForeignError: the folder itself is, or lies behind, a link.
        """
        return self._files.list_files(*folder)

    def remove_attempts(self) -> None:
        """Removes what writers that were killed had begun; only for when none is left."""
        for name in self.list_names(".spans") if self.is_local else ():
            if name.startswith("tmp-"):
                self.remove(self.path(".spans", name))

    def write_table(self, path: str, table: pa.Table, facts: dict[str, str] | None = None) -> int:
        """Writes a Parquet file that is no table of OUTPUT, quickly where it is small.

        `facts` are added to the metadata of its schema.

        Returns:
            Its size in bytes.
        """
        if facts:
            table = table.replace_schema_metadata({**(table.schema.metadata or {}), **facts})
        data = encode_table(table, quickly=table.nbytes < SMALL_BYTES)
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
        """Reads a JSON file, None if it is not there, or is none."""
        try:
            return json.loads(self.read(path))
        except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
            return None


class Output(Folder):
    """An OUTPUT folder."""

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

    def made_path(self, key: str, name: str = "") -> str:
        """Returns where a copy or sheet is made, until it is put in place with the run's tables.

        Args:
            key: of the copies of a group.
            name: path of the copy below OUTPUT; the note that tells which are there without one.
        """
        return self.path(".spans", "made", f"{key}/{name}" if name else f"{key}.json")

    def plan_path(self, group: str) -> str:
        """Returns the path of the plan of a group of media."""
        return self.path(".spans", "plans", f"{group}.json")


def how_written(schema: pa.Schema) -> dict[str, Any]:
    """Returns the options of Parquet; scores hardly repeat, a dictionary of them takes room."""
    repeated = [field.name for field in schema if not pa.types.is_floating(field.type)]
    return {"compression": "zstd", "use_dictionary": repeated, "write_page_checksum": True}


def encode_table(table: pa.Table, quickly: bool = False) -> bytes:
    """Returns a table as the bytes of a Parquet file.

    Args:
        table: its rows.
        quickly: in half of the time, for zstd takes 10 us a column to begin and to end; as small
            where there are few rows, and a third larger where there are many.
    """
    sink = io.BytesIO()
    how = {"compression": "lz4", "write_statistics": False} if quickly else {}
    pq.write_table(table, sink, **{**how_written(table.schema), **how})
    return sink.getvalue()


def copy_name(kind: str, medium: str) -> str:
    """Returns the path of a medium's annotated copy below OUTPUT; a video's is an MP4."""
    return f"annotated/{medium}" + (".mp4" if kind == "video" else "")


def sheet_name(medium: str) -> str:
    """Returns the path of a video's contact sheet below OUTPUT."""
    return f"sheets/{medium}.jpg"
