"""The OUTPUT of an analysis: what it holds, and by what one is known that bears no mark yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fer_core.errors import FerError
from fer_core.records import TABLES
from ferbeam.output.checked_files import read_checked_json
from ferbeam.output.folder import Folder, copy_name, sheet_name
from ferbeam.output.ownership import Kind
from ferbeam.output.read_tables import read_table_file
from ferbeam.output.report_mark import AGREEMENT, MARK, MARK_WITHIN, PAGES, REPORT
from ferbeam.output.run_file import MOST_BYTES, RUN_FILE, RunTables

PROGRESS_FILE = "progress.json"
"""Tells other programs how far a run is, or what the last one came to."""
OWN_NAMES = (
    *(*TABLES, "annotated", "sheets", ".spans", RUN_FILE, PROGRESS_FILE),
    *(REPORT, AGREEMENT, PAGES),
)
"""What ferbeam writes below OUTPUT, folders too; in these, what others put there is not touched."""
REMEMBERED = ("viewers.csv", "markers.csv", "corrections.csv")
"""Lists of a study that its user has given: kept when OUTPUT is begun anew."""
_BELOW_SPANS = tuple(
    f".spans/{name}"
    for name in ("plans", "copies", "started", "rows", "next", "kept", "known", "listed")
)
_TABLE = re.compile(
    rf"({'|'.join(TABLES)})/(([0-9a-f]{{32}}|unopened)-[0-9a-f]{{8}}|part-\d+|unopened)\.parquet"
)
_PAGE = re.compile(rf"{PAGES}/(pictures-\d+|.+-[0-9a-f]{{10}})\.html")
_PAGE_MARK = MARK.partition("{")[0].encode()


def _list_older(output: Folder) -> set[str] | None:
    """Names what an earlier version has written into an OUTPUT; None where it is none.

    It is one if its `run.json`, or the note of its settings, is as ferbeam writes them. Of its
    files those are ours that these list, or whose names are digests; and pages with our mark.
    """
    run = _read(output, RUN_FILE)
    finished = isinstance(run.get("belongs_to"), dict) and _lists_tables(run.get("tables"))
    begun = {"INPUT", "sample_fps", "model_sha256"} <= _read(output, ".spans/settings.json").keys()
    if not finished and not begun:
        return None
    names = {file for name in TABLES for file in output.list_files(name) if _TABLE.fullmatch(file)}
    names |= _planned_copies(output)
    if finished:
        names |= {RUN_FILE, *_listed(output, run)}
    pages = [file for file in output.list_files(PAGES) if _PAGE.fullmatch(file)]
    return names | {page for page in (REPORT, *pages) if _is_page(output, page)}


def _read(output: Folder, name: str) -> dict[str, Any]:
    """Reads an object of a JSON file; nothing where it is none."""
    found = read_checked_json(output, name, MOST_BYTES)
    return found if isinstance(found, dict) else {}


def _lists_tables(tables: Any) -> bool:
    return (
        isinstance(tables, dict)
        and set(tables) == set(TABLES)
        and all(isinstance(files, list) for files in tables.values())
    )


def _listed(output: Folder, run: dict[str, Any]) -> Iterator[str]:
    """Yields the table files of a finished run, and the copies that its media tell of."""
    for name, files in run["tables"].items():
        yield from (file for file in files if str(file).startswith(f"{name}/"))
    listed = RunTables(rows={}, tables={}, sums=run.get("sums") or {})
    for file in run["tables"]["media"]:
        try:
            rows = read_table_file(output, listed, file, ["media", "kind", "annotated"])
        except (FerError, LookupError, TypeError, AttributeError):
            continue  # damaged: what it told of is left alone
        for row in rows.to_pylist():
            if row["annotated"] == copy_name(row["kind"], row["media"]):
                yield from (row["annotated"], sheet_name(row["media"]))


def _planned_copies(output: Folder) -> set[str]:
    """Names the copies and sheets of the media that the plans of an unfinished run hold."""
    copies: set[str] = set()
    for name in output.list_names(".spans", "plans"):
        media = _read(output, f".spans/plans/{name}").get("media")
        entries = media if isinstance(media, list) else ()
        for medium in (str(entry[0]) for entry in entries if isinstance(entry, list) and entry):
            copies |= {copy_name(kind, medium) for kind in ("image", "video")}
            copies.add(sheet_name(medium))
    return copies


def _is_page(output: Folder, name: str) -> bool:
    path = output.path(name)
    return output.exists(path) and _PAGE_MARK in output.read(path)[:MARK_WITHIN]


OUTPUT = Kind("OUTPUT", (*OWN_NAMES, *REMEMBERED, *_BELOW_SPANS), _list_older)
