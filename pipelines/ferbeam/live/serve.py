"""Runs `ferbeam live` from its start to Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fer_core.detection.detector_settings import DEFAULT
from fer_core.model import find_model_dir, load_card
from ferbeam.guard.quiet import quiet_libraries
from ferbeam.live.analyst import Analyst
from ferbeam.live.browser import opened
from ferbeam.live.responses import PageFiles
from ferbeam.live.security import is_loopback
from ferbeam.live.server import LiveServer, LiveSettings
from ferbeam.live.session import MAX_PIXELS, load_session

if TYPE_CHECKING:
    from ferbeam.live.recording import Recorder


@dataclass(frozen=True)
class LiveRequest:
    """What the command line asks for.

    Attributes:
        settings: how the page is served.
        source: video in place of the camera, None for the camera.
        record: OUTPUT to record to, None for none.
        avatars: folder with the user's own pictures, None for ferbeam's.
        model_dir: model folder, None for the one that ferbeam ships.
        prior: how often expressions are expected, one of PRIORS.
        browser: whether to open a browser.
    """

    settings: LiveSettings
    source: str | None
    record: str | None
    avatars: Path | None
    model_dir: Path | None
    prior: str
    browser: bool


def run_live(request: LiveRequest, tell: Callable[[str], None]) -> None:
    """Serves the page until a signal ends it.

    Args:
        request: what to serve.
        tell: shows a line to the user.

    Raises:
        FerError: something that it needs is missing, damaged or in use.
    """
    files = PageFiles(request.avatars)
    open_video = None
    if request.source is not None:
        from ferbeam.live.playback import Playback, check_video

        check_video(request.source)
        open_video = partial(Playback, request.source)
    with ExitStack() as held:
        recorder = None if request.record is None else _open_recorder(request, held)
        with quiet_libraries():
            session = load_session(request.model_dir, request.prior)
        analyst = Analyst(session, recorder)
        server = LiveServer(request.settings, files, analyst, open_video)
        if not is_loopback(request.settings.host):
            tell(
                f"warning: --host {request.settings.host} lets others on the network reach this "
                "page; what they send is not encrypted, and their browsers may refuse the camera"
            )
        frames = asyncio.run(_serve(server, request.browser, tell))
    if recorder is not None:
        tell(f"{frames} frames recorded in {request.record}" if frames else "nothing was recorded")


async def _serve(server: LiveServer, browser: bool, tell: Callable[[str], None]) -> int:
    """Serves until a signal comes; returns the number of frames that were recorded."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await server.start()
    tell(f"ferbeam live: {server.url}  (Ctrl-C ends it)")
    with opened(server.url) if browser else nullcontext():
        await ended.wait()
    return await server.stop()


def _open_recorder(request: LiveRequest, held: ExitStack) -> Recorder:
    """Opens OUTPUT, locked until all is done."""
    from ferbeam.live.recording import Recorder, RecordingRequest
    from ferbeam.output.analysis_folder import OUTPUT
    from ferbeam.output.folder import Output
    from ferbeam.output.lock import locked
    from ferbeam.output.ownership import claim_folder
    from ferbeam.settings import RowSettings

    assert request.record is not None
    output = Output(request.record)
    claim_folder(output, replace(OUTPUT, what="--record"))
    held.enter_context(locked(output))
    card = load_card(find_model_dir(request.model_dir))
    rows = RowSettings.of_model(
        card,
        "litert",
        request.prior,
        sample_fps=None,
        detector=DEFAULT,
        max_pixels=MAX_PIXELS,
    )
    source = request.source and os.path.abspath(request.source)
    return Recorder(RecordingRequest(output, source or "camera", "jpeg", rows, card))
