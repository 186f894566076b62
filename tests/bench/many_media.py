"""`make bench-scale ARGS="--parts tables"`: a finished run of 100,000 media that nobody read.

Measures how long it takes to find that nothing is to be done, to add 1 %, and to ask the tables.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from fer_core.emotions import NAMES
from fer_core.records import FACES, FAILURES, FRAMES, MEDIA, NO_FACE, OK, SCORE_COLUMNS, TABLES
from ferbeam.analysis.list_media import list_input
from ferbeam.control.analyze_options import AnalyzeOptions
from ferbeam.control.ask import ask_analysis
from ferbeam.control.claim import claim_output
from ferbeam.control.request import AnalysisRequest
from ferbeam.control.sort_out import sort_out
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.costs import Clock, describe_costs
from ferbeam.output.finish_tables import gather_parts, put_run
from ferbeam.output.folder import Output
from ferbeam.output.listed_media import Listed, write_listed
from ferbeam.output.ownership import claim_folder
from ferbeam.output.plan_parts import Found, plan_parts
from ferbeam.output.run_facts import describe_run
from ferbeam.output.run_file import find_run, load_run
from ferbeam.output.table_parts import ROWS
from ferbeam.output.tables import TableFiles, write_rows
from ferbeam.output.write_part import write_part
from ferbeam.query.answers import EXAMPLES
from ferbeam.query.views import VIEWS
from tests.bench.memory import run_watched

MOST_SAMPLES, SECOND_FACE = 24, 10
"""Samples of the longest video; every so many videos have a second face: 15 faces on average."""
MOST_MEDIA = 100_000
FOLDER, GROUP = 1000, 50
QUERIES = (
    *EXAMPLES,
    "SELECT emotion, count(*) FROM faces GROUP BY emotion",
    *(f"SELECT * FROM {view} LIMIT 3" for view in VIEWS),
)


def make_input(folder: Path, numbers: range) -> Path:
    """Makes videos that cannot be read, 1000 in a folder."""
    for number in numbers:
        place = folder / f"{number // FOLDER:03}"
        if number % FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"{number:06}.mp4").write_bytes(b"x")
    return folder


def draw_rows(names: list[str], origin: dict[str, object]) -> dict[str, pa.Table]:
    """Draws the rows of videos of some seconds: faces that move and come and go, one or two."""
    dice = np.random.default_rng(int(names[0][-10:-4]))
    samples = dice.integers(MOST_SAMPLES // 4, MOST_SAMPLES + 1, len(names))
    offset = np.repeat(np.cumsum(samples) - samples, samples)
    owner = np.repeat(np.arange(len(names)), samples)
    at = np.arange(len(owner)) - offset
    every = np.array(names, object)[owner]
    place = {"media": every, "frame_index": at * 3, "timestamp_ms": at * 100}
    place["shown_ms"] = np.full(len(at), 100)
    first, second = (np.maximum(at == 0, dice.random(len(at)) < share) for share in (0.9, 0.7))
    count = first.astype(np.int32) + (second & (owner % SECOND_FACE == 0))
    status = np.where(count > 0, OK, NO_FACE)
    frames = _fill({**place, "status": status, "face_count": count}, FRAMES)
    which = np.repeat(np.arange(len(at)), count)
    faces = _draw_faces({name: column[which] for name, column in place.items()}, dice)
    found = np.bincount(owner, minlength=len(names)), np.bincount(owner[which], None, len(names))
    seen = np.bincount(owner, count > 0, len(names)).astype(int)
    media = [
        {
            **{"media": name, "sha256": dice.bytes(32).hex(), "kind": "video", "codec": "h264"},
            **{"width": 320, "height": 180, "rotation": 0, "frame_rate": 30.0},
            **{"duration_ms": 100 * sampled, "frame_count": 3 * sampled},
            **{"frames_sampled": sampled, "frames_with_faces": with_faces, "frames_lost": 0},
            **{"face_count": faces_of, "track_count": 1 + int(at % SECOND_FACE == 0)},
            **{"has_audio": True, "annotated": None, "notes": None, **origin},
        }
        for at, (name, sampled, with_faces, faces_of) in enumerate(
            zip(names, *(column.tolist() for column in (found[0], seen, found[1])), strict=True)
        )
    ]
    drawn = {"faces": faces, "frames": frames, "media": pa.Table.from_pylist(media, MEDIA)}
    return {**drawn, "failures": FAILURES.empty_table()}


def _draw_faces(place: dict[str, NDArray[Any]], dice: np.random.Generator) -> pa.Table:
    """Draws faces at places; the second of the same frame is another track and person."""
    rows = len(place["media"])
    new = np.ones(rows, bool)
    new[1:] = (np.diff(place["frame_index"]) != 0) | (place["media"][1:] != place["media"][:-1])
    own = (~new).astype(np.int32)
    scores = dice.dirichlet(np.full(len(NAMES), 0.4), rows).astype(np.float32)
    smooth = uniform_filter1d(scores, 5, axis=0)
    sides = np.cumsum(dice.integers(-3, 4, (4, rows)), 1) % 60 + 20
    small = {name: dice.normal(0, 12, rows) for name in ("roll", "yaw")}
    light = {name: dice.random(rows) for name in ("sharpness", "brightness", "detector_score")}
    return _fill(
        {
            **place,
            **dict.fromkeys(("face_index", "track_id", "person_id"), own),
            **{f"box_{part}": sides[n] for n, part in enumerate(("x", "y", "width", "height"))},
            **{name: values.astype(np.float32) for name, values in {**small, **light}.items()},
            "emotion": np.array(NAMES)[scores.argmax(axis=1)],
            "confidence": scores.max(axis=1),
            **dict(zip(SCORE_COLUMNS, scores.T, strict=True)),
            "smoothed_emotion": np.array(NAMES)[smooth.argmax(axis=1)],
            "smoothed_confidence": smooth.max(axis=1),
        },
        FACES,
    )


def _fill(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Makes a table of columns in any order."""
    return pa.table({name: pa.array(columns[name]) for name in schema.names}).cast(schema)


def make_finished(source: Path, folder: Path) -> None:
    """Makes a finished run of all media of an INPUT by the steps that finish any run."""
    options = AnalyzeOptions(input=str(source), output=str(folder), overlay="none")
    request = ask_analysis(options, options.words())
    claim_folder(request.output, OUTPUT)
    listed = sort_out(request, list_input(request.input), {}, ())
    _finish(request, listed, _write_rows(request, listed))


def add_media(source: Path, folder: Path, count: int) -> tuple[float, float]:
    """Adds media to an INPUT and its finished run, by the steps of any run.

    Returns:
        Seconds of the processor to find which these are, and to merge their rows into the tables.
    """
    options = AnalyzeOptions(input=str(source), output=str(folder), overlay="none")
    request = ask_analysis(options, options.words())
    make_input(source, range(MOST_MEDIA, MOST_MEDIA + count))
    begun = time.process_time()
    listing = list_input(request.input)
    held = claim_output(request, {medium.name for medium in listing.media})
    listed = sort_out(request, listing, held.known, ())
    found = time.process_time() - begun
    rows = _write_rows(request, listed)
    begun = time.process_time()
    _finish(request, listed, rows)
    return found, time.process_time() - begun


def _finish(request: AnalysisRequest, listed: Listed, rows: list[TableFiles]) -> None:
    """Puts a run in place whose media have all been read."""
    output, run_id = request.output, request.settings.run_id
    before = find_run(output)
    write_listed(output, run_id, listed)
    numbers = plan_parts(output, run_id, listed, Found(rows))
    for number in numbers:
        write_part(output, number)
    tables = gather_parts(output, before, numbers, len(listed.media))
    counts = {"list": {"seconds": 0.0, "media": float(len(listed.media))}}
    costs = describe_costs(counts, {}, Clock(*[time.time()] * 6), 2)
    looks = {"render": None, "span_s": 10.0, "run_id": run_id}
    run = describe_run(
        request.command, request.belongs_to(), request.card, time.time(), tables, **looks, **costs
    )
    put_run(output, before, run)
    output.remove(*(output.path(file) for file in output.list_files(ROWS)))


def _write_rows(request: AnalysisRequest, listed: Listed) -> list[TableFiles]:
    """Draws the rows of all media that have to be done."""
    names = [medium.media for medium in listed.media if medium.todo]
    groups = []
    for at in range(0, len(names), GROUP):
        own = names[at : at + GROUP]
        rows = draw_rows(own, request.settings.told.origin)
        files = write_rows(request.output, f"{at:032x}", rows)
        groups.append(TableFiles(files.group, files.tables, files.rows, names=tuple(own)))
    return groups


def print_times(media: int) -> None:
    """Measures a run of so many media, and prints it."""
    with tempfile.TemporaryDirectory() as folder:
        source, place = make_input(Path(folder) / "in", range(media)), Path(folder) / "out"
        begun = time.perf_counter()
        make_finished(source, place)
        rows = load_run(Output(str(place))).rows
        print(f"{media:,} media, {rows['faces']:,} faces: written in", _since(begun))
        for name in TABLES:
            files = list((place / name).iterdir())
            size = sum(file.stat().st_size for file in files) / 1e6
            print(f"  {name}: {len(files)} files, {size:.1f} MB")
        print(f"  run.json: {(place / 'run.json').stat().st_size / 1e3:.1f} kB")
        print("   wall  processor  memory")
        again = ["analyze", str(source), str(place), "--overlay", "none", "--quiet"]
        _print("nothing to do", again)
        _print("verify", ["verify", str(place)])
        for query in QUERIES:
            _print(query, ["query", str(place), query])
        found, merged = add_media(source, place, media // 100)
        print(f"  1 % new: found in {found:.1f} s, merged in {merged:.1f} s of the processor")


def _print(what: str, words: list[str]) -> None:
    run = run_watched(words)
    peak = max(run.peaks.values())
    print(f"{run.seconds:>7.1f} s {run.processor:>7.1f} s {peak:>6.0f} MB  {what}", flush=True)


def _since(begun: float) -> str:
    return f"{time.perf_counter() - begun:.1f} s"
