"""The bench beside other tools: what it reads, scores and reckons."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fer_core.faces import Box
from tests.bench.clips import ROOT
from tests.bench.generated import TrueFace, Truth
from tests.bench.memory import Watched
from tests.bench.peers import runs
from tests.bench.peers.recall import Clip, mean_false, mean_recall, score_all
from tests.bench.peers.runs import RIVALS, RivalRun, run_rival

FACE = TrueFace(10, 10, 40, 40, 0, 0)
HIT, MISS = Box(11, 11, 40, 40), Box(100, 20, 30, 30)


def clip(name: str, frames: int, faces: tuple[TrueFace, ...] = (FACE,)) -> Clip:
    return Clip(Path(f"{name}.mp4"), Truth((160, 90), 25, (faces,) * frames, ((),) * frames))


def test_scores_are_those_of_every_step_and_of_all_seeds_together() -> None:
    clips = [clip("tilted-1", 10), clip("tilted-2", 10), clip("empty-1", 10, ())]
    found = {
        "tilted-1.mp4": {0: [HIT], 1: [MISS], 5: [HIT, MISS]},
        "tilted-2.mp4": {0: [], 5: [MISS]},
        "empty-1.mp4": {5: [MISS]},
    }
    scores = score_all(clips, {"one": found}, 5)["one"]
    assert scores["tilted"].recall == 0.5
    assert scores["tilted"].false_per_frame == 0.5
    assert scores["empty"].false_per_frame == 0.5
    assert mean_recall(scores) == 0.5
    assert mean_false(scores) == 0.5


def test_frames_a_rival_left_out_are_reckoned_at_the_speed_of_the_rest() -> None:
    run = RivalRun(Watched(15.0, 15.0, {}), 200, 10.0, {})
    assert run.whole_s(3000) == pytest.approx(15 + 2800 * 0.05)
    assert run.whole_s(200) == 15


def test_what_a_rival_writes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "rival.py"
    found = {"a/b.mp4": {"seconds": 2.0, "frames": 4, "boxes": {"0": [[1, 2, 3, 4]], "2": []}}}
    script.write_text(f"import sys; open(sys.argv[1], 'w').write('''{json.dumps(found)}''')")
    monkeypatch.setitem(runs.RIVALS, "fake", str(script))
    monkeypatch.setattr(runs, "PYTHON", Path(sys.executable))
    run = run_rival("fake", [Path("a/b.mp4")], tmp_path)
    assert run.boxes == {"b.mp4": {0: [Box(1, 2, 3, 4)], 2: []}}
    assert (run.frames, run.loop_s) == (4, 2.0)


@pytest.mark.parametrize("name", RIVALS)
def test_rivals_can_be_compiled_and_know_nothing_of_ferbeam(name: str) -> None:
    source = (ROOT / RIVALS[name]).read_text(encoding="utf-8")
    compile(source, name, "exec")
    assert "fer_core" not in source
    assert "pipelines" not in source
