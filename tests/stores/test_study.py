"""Lists of a study are remembered in an OUTPUT on a store, too."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.finished import make_video, write_finished
from tests.pipelines.jobs import ferbeam
from tests.stores.media import upload
from tests.stores.servers import Server


def test_viewers_are_remembered_in_a_store(server: Server, tmp_path: Path) -> None:
    finished = write_finished(tmp_path / "out", [make_video("a.mp4", 20), make_video("b.mp4", 20)])
    output = upload(finished, server, "study")
    listed = tmp_path / "list.csv"
    listed.write_text(ferbeam("viewers", output).stdout.replace(",,0", ",all,500"))
    for more in (("--viewers", listed), ()):
        asked = ferbeam("query", output, "SELECT sum(offset_ms)::INT AS ms FROM viewers", *more)
        assert (asked.returncode, asked.stderr) == (0, "")
        assert asked.stdout.split() == ["ms", "1000"]
