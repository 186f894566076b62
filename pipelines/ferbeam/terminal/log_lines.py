"""What a run tells, as JSON: an object on each line, for programs that collect logs."""

from __future__ import annotations

import json
import time
from typing import IO, Any

from ferbeam.output.commit_watch import CommitWatch
from ferbeam.output.run_file import Run

LINE_SECONDS = 5.0


def write_event(stream: IO[str], event: str, **facts: Any) -> None:
    """Writes one line: when, what, and what there is to say of it."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
    # All but ASCII is escaped, so that whatever is in a name stays in its line.
    stream.write(json.dumps({"time": stamp, "event": event, **facts}) + "\n")
    stream.flush()


class LoggedProgress:
    """Writes `begin`, `progress` every few seconds, `medium` for each, `note` and `end`.

    Args:
        stream: where to.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._next = stream, 0.0
        self._told: dict[str, tuple[int, int]] = {}

    def start(self, watch: CommitWatch, media: int, renders: bool) -> None:
        """Begins; see `Progress`."""
        self._watch, self._of = watch, (media, renders)
        write_event(self._stream, "begin", media=media)

    def update(self) -> None:
        """Tells the media that came further, and now and then how far the stages are."""
        for stage, medium in self._watch.take_news():
            write_event(self._stream, "medium", stage=stage, medium=medium)
        stages = self._watch.stages(*self._of)
        if stages != self._told and time.monotonic() >= self._next:
            self._next, self._told = time.monotonic() + LINE_SECONDS, stages
            facts = {name: {"done": done, "of": of} for name, (done, of) in stages.items()}
            counts = {"frames": self._watch.frames, "faces": self._watch.faces}
            write_event(self._stream, "progress", stages=facts, **counts)

    def note(self, line: str) -> None:
        """Tells a line that a person should read."""
        write_event(self._stream, "note", message=line)

    def stop(self) -> None:
        """Tells the last state."""
        self._next = 0.0
        self.update()

    def ended(self, run: Run | None, error: BaseException | None) -> None:
        """Tells nothing: who knows the exit code tells the end."""
