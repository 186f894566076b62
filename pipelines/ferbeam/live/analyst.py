"""The work of the one thread that analyses: frames in, messages out, and what is written down."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fer_core.errors import FerError, MediaError
from ferbeam.live.messages import SEQUENCE, Message, tell_error, tell_recording, tell_result
from ferbeam.live.session import Analysed, Session, read_frame
from ferbeam.output.costs import Costs, add_cost

if TYPE_CHECKING:
    from ferbeam.live.playback import PlayedFrame
    from ferbeam.live.recording import Recorder

TELL_SECONDS = 1.0
"""How often the page hears how many frames were recorded."""

Answer = list["Message | bytes"]


class Analyst:
    """Answers frames; all its methods are called by one and the same thread.

    Args:
        session: analyses them.
        recorder: writes them down while recording is on, as it is at first; None for nobody.
    """

    def __init__(self, session: Session, recorder: Recorder | None = None) -> None:
        self._session, self._recorder = session, recorder
        self.recording = recorder is not None
        self._told = 0.0

    def restart(self, anew: bool) -> Answer:
        """Forgets the frames before: another page has come.

        Args:
            anew: whether time begins anew too, as that of a video does.
        """
        self._session.restart()
        return self._keep(lambda to: to.begin(), always=True) if anew else self.flush()

    def flush(self) -> Answer:
        """Writes what was recorded so far."""
        return self._keep(lambda to: to.flush())

    def answer_jpeg(self, sequence: int, jpeg: bytes, index: int, timestamp_ms: int) -> Answer:
        """Answers a frame of the camera.

        Args:
            sequence: what the page calls it.
            jpeg: its bytes.
            index: how many frames came before it.
            timestamp_ms: when it came.
        """
        start = time.perf_counter()
        try:
            grey, colour = read_frame(jpeg)
        except MediaError as error:
            message = str(error)
            told = self._keep(lambda to: to.add_lost(message, index, timestamp_ms))
            return [tell_error(message, sequence), *told]
        decoding = time.perf_counter() - start
        found = self._session.analyse(grey, timestamp_ms, colour)
        found = found._replace(analysis_ms=found.analysis_ms + 1000 * decoding)
        told = self._keep_frame(found, index, timestamp_ms, decoding)
        return [tell_result(sequence, found), *told]

    def answer_played(self, sequence: int, frame: PlayedFrame) -> Answer:
        """Answers a frame of a video: its picture comes first."""
        start = time.perf_counter()
        grey = frame.grey()
        jpeg, scale = frame.jpeg()
        decoding = time.perf_counter() - start
        found = self._session.analyse(grey, frame.timestamp_ms, frame.colour)
        told = self._keep_frame(found, frame.frame_index, frame.timestamp_ms, decoding)
        return [SEQUENCE.pack(sequence) + jpeg, tell_result(sequence, found, scale), *told]

    def record(self, on: bool) -> Answer:
        """Begins to record, or stops; what was recorded is then written."""
        if self._recorder is None:
            return [tell_error("recording: start ferbeam live with --record OUTPUT to record")]
        told = [] if on else self.flush()
        self.recording = on
        return [*told, tell_recording(self.recording, self._recorder.frames)]

    def finish(self) -> int:
        """Writes what was recorded and is not written yet; returns the number of frames.

        Raises:
            FerError: it cannot be written.
            OSError: it cannot be written.
        """
        if self._recorder is None:
            return 0
        self._recorder.flush()
        return self._recorder.frames

    def _keep_frame(self, found: Analysed, index: int, at_ms: int, decoding: float) -> Answer:
        costs: Costs = self._session.take_costs()
        add_cost(costs, "decode", decoding, frames=1)

        def add(recorder: Recorder) -> None:
            recorder.add(found, index, at_ms)
            recorder.add_costs(costs)
            recorder.flush_if_due()

        return self._keep(add)

    def _keep(self, write: Callable[[Recorder], None], always: bool = False) -> Answer:
        """Lets the recorder write while recording is on; a disk that fails ends the recording."""
        recorder = self._recorder
        if recorder is None or not (self.recording or always):
            return []
        try:
            write(recorder)
        except (FerError, OSError) as error:
            self.recording = False
            why, folder = str(error), recorder.folder
            why = why if folder in why else f"{folder}: {why}"  # no word of the page names it
            return [tell_recording(False, recorder.frames, why)]
        if time.monotonic() - self._told < TELL_SECONDS:
            return []
        self._told = time.monotonic()
        return [tell_recording(self.recording, recorder.frames)]
