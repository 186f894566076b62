"""Finished runs whose media and rows are drawn, put in place by the steps of any run."""

from __future__ import annotations

from collections import Counter

import msgspec
import pyarrow as pa

from fer_core.records import TABLES, Failure
from ferbeam.output.finish_tables import gather_parts, put_run
from ferbeam.output.folder import Output
from ferbeam.output.known_media import read_known
from ferbeam.output.listed_media import Listed, ListedMedium
from ferbeam.output.plan_parts import Found, plan_parts
from ferbeam.output.put_tables import clear_staged, finish_put
from ferbeam.output.run_file import Earlier, ModelUsed, Run, RunTables, find_run
from ferbeam.output.table_parts import NOWHERE, ROWS
from ferbeam.output.tables import TableFiles, write_rows
from ferbeam.output.write_part import write_part
from tests.pipelines.finished import make_picture, make_video

Content = dict[str, int]
"""Media, and the seed that their rows are drawn from; negative ones do not open."""


def rows_of(name: str, seed: int) -> dict[str, pa.Table]:
    """Draws the rows of a medium; 0 to 40 frames of a video, or a picture."""
    if name.endswith(".mp4"):
        tables = make_video(name, seed % 40 + 1, tracks=1 + seed % 2, seed=seed)
    else:
        tables = make_picture(name, ("happy",) * (seed % 3))
    row = {**tables["media"].to_pylist()[0], "codec": str(seed)}
    failure = Failure(name, "decode", "DecodeError", f"seed {seed}", 0, 0)._asdict()
    failures = [failure] if seed % 5 == 0 else []
    return {
        **tables,
        "media": pa.Table.from_pylist([row], TABLES["media"]),
        "failures": pa.Table.from_pylist(failures, TABLES["failures"]),
    }


def write_groups(output: Output, content: Content, todo: set[str]) -> list[TableFiles]:
    """Writes the rows of groups as the steps of a job do: a video alone, pictures in threes."""
    names = sorted(name for name in content if name in todo and content[name] >= 0)
    videos = [[name] for name in names if name.endswith(".mp4")]
    pictures = [name for name in names if not name.endswith(".mp4")]
    groups = []
    for group in [*videos, *(pictures[at : at + 3] for at in range(0, len(pictures), 3))]:
        parts = [rows_of(name, content[name]) for name in group]
        tables = {
            name: pa.concat_tables([part[name].cast(schema) for part in parts])
            for name, schema in TABLES.items()
        }
        key = f"{abs(hash(tuple(group))):032x}"[:32]
        files = write_rows(output, key, tables)
        groups.append(TableFiles(key, files.tables, files.rows, tuple(group)))
    return groups


def describe(run_id: str, tables: RunTables) -> Run:
    """Returns a `run.json` around the tables that were gathered."""
    return Run(
        run_id=run_id,
        command="ferbeam analyze in out",
        belongs_to={"INPUT": "/in"},
        model=ModelUsed(name="m", sha256="0" * 64),
        render=None,
        span_s=None,
        schema_version="2",
        versions={},
        started="2026-11-01T10:00:00Z",
        workers=None,
        seconds={"whole": 1.0},
        wall={},
        counts={},
        earlier=Earlier(seconds={}, counts={}),
        **msgspec.structs.asdict(tables),
    )


def run_once(output: Output, run_id: str, content: Content) -> None:
    """Does what a run does with its tables: what changed is done, and all is put in place."""
    finish_put(output)
    clear_staged(output)
    held = find_run(output)
    known = {} if held is None else read_known(output, held, "same")
    media = []
    for name in sorted(content):
        note = known.get(name)
        done = note is not None and note.size == content[name]
        part = NOWHERE if note is None else note.part
        media.append(ListedMedium(name, b"", "", content[name], 0, name, not done, part))
    todo = {medium.media for medium in media if medium.todo}
    failures = [
        Failure(name, "probe", "MediaError", f"seed {content[name]}")
        for name in sorted(todo)
        if content[name] < 0
    ]
    listed = Listed(media, [], "same")
    found = Found(write_groups(output, content, todo), failures)
    numbers = plan_parts(output, run_id, listed, found)
    for number in numbers:
        write_part(output, number)
    tables = gather_parts(output, held, numbers, len(content))
    put_run(output, held, describe(run_id, tables))
    output.remove(*(output.path(file) for file in output.list_files(ROWS)))


def expected(content: Content) -> dict[str, Counter[tuple[str, str]]]:
    """Counts the rows that each medium is to have, with what tells one version from another."""
    found: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in TABLES}
    for name, seed in content.items():
        if seed < 0:
            found["failures"][name, f"seed {seed}"] += 1
            continue
        for table, rows in rows_of(name, seed).items():
            for row in rows.to_pylist():
                found[table][key_of(table, row)] += 1
    return found


def key_of(table: str, row: dict[str, object]) -> tuple[str, str]:
    parts = {
        "faces": ("frame_index", "face_index", "confidence"),
        "frames": ("frame_index", "status"),
        "media": ("codec",),
        "failures": ("message",),
    }[table]
    return str(row["media"]), "seed " * (table == "failures") + "|".join(
        str(row[part]).removeprefix("seed ") for part in parts
    )


def counted(table: str, rows: pa.Table) -> Counter[tuple[str, str]]:
    return Counter(key_of(table, row) for row in rows.to_pylist())
