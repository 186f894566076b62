"""`make bench-scale ARGS="--parts tables"`: a finished run of 100,000 media that nobody read.

Measures how long it takes to find that nothing is to be done, to add 1 %, and to ask the tables.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from fer_core.emotions import NAMES
from fer_core.records import FACES, FAILURES, FRAMES, MEDIA, SCORE_COLUMNS, TABLES
from ferbeam.analysis.list_media import list_input
from ferbeam.control.analyze_options import AnalyzeOptions
from ferbeam.control.ask import ask_analysis
from ferbeam.control.request import AnalysisRequest
from ferbeam.control.sort_out import sort_out
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.costs import Clock, describe_costs
from ferbeam.output.finish_tables import gather_parts, put_run
from ferbeam.output.listed_media import Listed, write_listed
from ferbeam.output.ownership import claim_folder
from ferbeam.output.plan_parts import Found, plan_parts
from ferbeam.output.run_facts import describe_run
from ferbeam.output.table_parts import ROWS
from ferbeam.output.tables import TableFiles, write_tables
from ferbeam.output.write_part import write_part
from ferbeam.query.answers import EXAMPLES
from tests.bench.memory import run_watched

FACES_EACH = 15
MOST_MEDIA = 100_000
FOLDER, GROUP = 1000, 50
QUERIES = (
    *EXAMPLES,
    "SELECT emotion, count(*) FROM faces GROUP BY emotion",
    "SELECT * FROM people LIMIT 3",
    "SELECT * FROM changes LIMIT 3",
    "SELECT * FROM cohort LIMIT 3",
    "SELECT * FROM calibrated LIMIT 3",
)


def make_input(folder: Path, count: int) -> Path:
    """Makes so many videos that cannot be read, 1000 in a folder."""
    for number in range(count):
        place = folder / f"{number // FOLDER:03}"
        if number % FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"{number:06}.mp4").write_bytes(b"x")
    return folder


def draw_rows(names: list[str], origin: dict[str, object]) -> dict[str, pa.Table]:
    """Draws the rows of videos of 1.5 s with one face."""
    dice = np.random.default_rng(int(names[0][-10:-4]))
    every = np.repeat(np.array(names, object), FACES_EACH)
    at = np.tile(np.arange(FACES_EACH), len(names))
    scores = dice.dirichlet(np.full(len(NAMES), 0.4), len(every)).astype(np.float32)
    best = np.array(NAMES)[scores.argmax(axis=1)]
    zeros = np.zeros(len(every), np.int32)
    sides = dice.integers(20, 80, (4, len(every)), np.int32)
    place = {"media": every, "frame_index": at * 3, "timestamp_ms": at * 100}
    faces = {
        **place,
        "face_index": zeros,
        "track_id": zeros,
        **{f"box_{part}": sides[n] for n, part in enumerate(("x", "y", "width", "height"))},
        "detector_score": scores.max(axis=1),
        "emotion": best,
        "confidence": scores.max(axis=1),
        **dict(zip(SCORE_COLUMNS, scores.T, strict=True)),
        "smoothed_emotion": best,
        "smoothed_confidence": scores.max(axis=1),
    }
    frames = {**place, "status": ["ok"] * len(every), "face_count": zeros + 1}
    one = {
        **{"sha256": "0" * 64, "kind": "video", "codec": "h264", "width": 320, "height": 180},
        **{"rotation": 0, "frame_rate": 30.0, "duration_ms": 100 * FACES_EACH},
        **{"frame_count": 45, "frames_sampled": FACES_EACH, "frames_with_faces": FACES_EACH},
        **{"frames_lost": 0, "face_count": FACES_EACH, "track_count": 1, "has_audio": True},
        **{"annotated": None, "notes": None, **origin},
    }
    drawn = {"faces": _fill(faces, FACES), "frames": _fill(frames, FRAMES)}
    drawn["media"] = pa.Table.from_pylist([{"media": name, **one} for name in names], MEDIA)
    return {**drawn, "failures": FAILURES.empty_table()}


def _fill(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    """Makes a table; numbers that are not given are 0."""
    rows = len(columns["media"])  # type: ignore[arg-type]
    given = {field.name: columns.get(field.name, np.zeros(rows, np.int32)) for field in schema}
    return pa.table({name: pa.array(values) for name, values in given.items()}).cast(schema)


def make_finished(source: Path, folder: Path) -> AnalysisRequest:
    """Makes a finished run of all media of an INPUT by the steps that finish any run."""
    options = AnalyzeOptions(input=str(source), output=str(folder), overlay="none")
    request = ask_analysis(options, options.words())
    output, run_id = request.output, request.settings.run_id
    claim_folder(output, OUTPUT)
    listing = list_input(request.input)
    listed = sort_out(request, listing, {}, ())
    write_listed(output, run_id, listed)
    numbers = plan_parts(output, run_id, listed, Found(list(_write_rows(request, listed))))
    for number in numbers:
        write_part(output, number)
    tables = gather_parts(output, None, numbers, len(listed.media))
    counts = {"list": {"seconds": 0.0, "media": float(len(listed.media))}}
    costs = describe_costs(counts, {}, Clock(*[time.time()] * 6), 2)
    looks = {"render": None, "span_s": 10.0, "run_id": run_id}
    run = describe_run(
        request.command, request.belongs_to(), request.card, time.time(), tables, **looks, **costs
    )
    put_run(output, None, run)
    output.remove(*(output.path(file) for file in output.list_files(ROWS)))
    return request


def _write_rows(request: AnalysisRequest, listed: Listed) -> list[TableFiles]:
    names = [medium.media for medium in listed.media]
    groups = []
    for at in range(0, len(names), GROUP):
        own = names[at : at + GROUP]
        rows = draw_rows(own, request.settings.told.origin)
        files = write_tables(request.output, f"{at:032x}", "0" * 8, rows, f"{ROWS}/")
        groups.append(
            TableFiles(files.group, files.tables, files.rows, files.sums, names=tuple(own))
        )
    return groups


def print_times(media: int) -> None:
    """Measures a run of so many media, and prints it."""
    with tempfile.TemporaryDirectory() as folder:
        source, place = make_input(Path(folder) / "in", media), Path(folder) / "out"
        begun = time.perf_counter()
        make_finished(source, place)
        print(f"{media:,} media, {media * FACES_EACH:,} faces: written in", _since(begun))
        for name in TABLES:
            files = list((place / name).iterdir())
            size = sum(file.stat().st_size for file in files) / 1e6
            print(f"  {name}: {len(files)} files, {size:.1f} MB")
        print(f"  run.json: {(place / 'run.json').stat().st_size / 1e3:.1f} kB")
        again = ["analyze", str(source), str(place), "--overlay", "none", "--quiet"]
        _print("nothing to do", again)
        _print("verify", ["verify", str(place)])
        for query in QUERIES:
            _print(query, ["query", str(place), query])


def _print(what: str, words: list[str]) -> None:
    run = run_watched(words)
    print(f"{run.seconds:>7.1f} s {max(run.peaks.values()):>6.0f} MB  {what}", flush=True)


def _since(begun: float) -> str:
    return f"{time.perf_counter() - begun:.1f} s"
