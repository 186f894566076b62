"""`make fuzz`: seeded cases through whole jobs; counts what becomes of them."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fer_core.media import escape_name
from tests.corpus.batches import fill_folder
from tests.pipelines.jobs import ROOT, tables_of

OVERLAYS = ("emoji", "none", "cover", "box")
RATES = ("5", "all", "1/3")
STALL_S = 20
os.environ.setdefault("SVT_LOG", "0")  # one of the encoders talks otherwise


@dataclass
class Outcome:
    """What became of some cases.

    Attributes:
        counts: media by outcome.
        problems: what must not be, in words.
        seconds: on the clock.
    """

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> int:
    """Runs the cases that the arguments ask for; returns 1 if anything went wrong."""
    options = _parse_arguments()
    total, whole = Outcome(), range(options.first, options.first + options.cases)
    for first in range(whole.start, whole.stop, options.batch):
        numbers = range(first, min(first + options.batch, whole.stop))
        place = Path(tempfile.mkdtemp(prefix=f"ferbeam-fuzz-{options.seed}-{first}-"))
        outcome = run_batch(place, options, numbers)
        said = ", ".join(f"{count} {name}" for name, count in sorted(outcome.counts.items()))
        print(f"cases {numbers.start}-{numbers.stop - 1}: {said}, {outcome.seconds:.0f} s")
        for problem in outcome.problems:
            print(f"  {problem} (SEED={options.seed}, in {place})")
        sys.stdout.flush()
        total.counts += outcome.counts
        total.problems += outcome.problems
        total.seconds += outcome.seconds
        if not outcome.problems:
            shutil.rmtree(place)
    print(f"\n{'outcome':<34}media")
    for name, count in sorted(total.counts.items()):
        print(f"{name:<34}{count:>5}")
    print(f"{len(total.problems)} problems, {total.seconds:.0f} s")
    return 1 if total.problems else 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--fields", action="store_true", help="only numbers of 64 bits in videos")
    parser.add_argument("--batch", type=int, default=40, help="cases in one job")
    parser.add_argument("--limit", type=float, default=900, help="seconds a job may take")
    return parser.parse_args()


def run_batch(place: Path, asked: argparse.Namespace, numbers: range) -> Outcome:
    """Makes the files of a batch, analyses and verifies them.

    Args:
        place: an empty folder, for INPUT and OUTPUT.
        asked: what the command line asks for.
        numbers: of the cases.
    """
    outcome = Outcome()
    source, output = place / "in", place / "out"
    source.mkdir()
    names = fill_folder(source, asked.seed, numbers, asked.fields)
    at = numbers.start // max(1, len(numbers))
    options = ["--overlay", OVERLAYS[at % len(OVERLAYS)], "--sample-fps", RATES[at % len(RATES)]]
    began = time.monotonic()
    command = ["analyze", str(source), str(output), *options, "--span-s", "1"]
    code = _run(command, place / "log", asked.limit)
    outcome.seconds = time.monotonic() - began
    log = (place / "log").read_text(encoding="utf-8", errors="replace")
    if code not in (0, 3):
        outcome.problems.append("the job hung" if code is None else f"the job ended with {code}")
        return outcome
    if "Traceback" in log:
        outcome.problems.append("a traceback was shown")
    _count(outcome, output, {escape_name(name) for name in names})
    code = _run(["verify", str(output), "--json"], place / "verify.json", 300)
    outcome.counts["(OUTPUT that is clean)"] += code == 0
    if code != 0:
        kinds = [found["kind"] for found in _findings(place / "verify.json")]
        outcome.problems.append(f"verify ended with {code}: {', '.join(kinds)}")
    return outcome


def _run(arguments: list[str], log: Path, limit_s: float) -> int | None:
    """Runs `ferbeam`; returns its exit code, None if it had to be stopped."""
    environment = {**os.environ, "FERBEAM_STALL_S": str(STALL_S)}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "ferbeam.cli", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None


def _findings(path: Path) -> list[dict[str, str]]:
    try:
        found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["findings"]
    except ValueError:
        return []
    return found


def _count(outcome: Outcome, output: Path, names: set[str]) -> None:
    """Counts the media of a finished job by outcome, and finds those that are nowhere."""
    tables = tables_of(output)
    opened = set(tables["media"]["media"].to_pylist())
    failed: dict[str, set[str]] = {}
    for row in tables["failures"].to_pylist():
        failed.setdefault(row["media"], set()).add(row["stage"])
        if "its decoder" in row["message"] or "was killed" in row["message"]:
            outcome.counts["(decoder crashed or hung)"] += 1
            outcome.problems.append(f"{row['media']!r}: {row['message']!r}")
    for name in sorted(opened | failed.keys()):
        if name in opened:
            stages = ", ".join(sorted(failed.get(name, set())))
            outcome.counts[f"opened, failures: {stages}" if stages else "ok"] += 1
        else:
            outcome.counts[f"not opened: {', '.join(sorted(failed[name]))}"] += 1
    for name in sorted(names - opened - failed.keys()):
        outcome.problems.append(f"{name!r} is in neither media nor failures")
    for name in sorted((opened | failed.keys()) - names):
        outcome.problems.append(f"{name!r} was never in INPUT")


if __name__ == "__main__":
    sys.exit(main())
