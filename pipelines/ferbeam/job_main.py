"""The process in which Beam runs: reads its settings from standard input, ends with it."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from ferbeam.guard.left_out import BIGQUERY, leave_out
from ferbeam.runners.dataflow import is_installed
from ferbeam.runners.flink_server import FlinkServer, start_server

Build = Callable[[Any, dict[str, Any]], None]
"""Adds the steps of a job to a pipeline, by the job's settings as plain values."""


def _import_job(name: str) -> Build:
    """Imports Beam and all that the steps need, and returns what builds the job."""
    import ferbeam.runners.forked_workers  # noqa: F401  (not when the order has come)
    from ferbeam.settings import AnalyzeSettings, PrepareSettings

    if name == "prepare":
        from ferbeam.training import prepare_pipeline as prepare

        return lambda steps, plain: prepare.build_pipeline(steps, PrepareSettings.from_dict(plain))
    from ferbeam.analysis import pipeline as analyze

    return lambda steps, plain: analyze.build_pipeline(steps, AnalyzeSettings.from_dict(plain))


def _end_with_parent(options: list[str]) -> None:
    """Ends this process group once the command that started it is gone, however it ended."""
    from ferbeam.runners.flink import cancel_job

    sys.stdin.read()
    cancel_job(options)
    os.killpg(os.getpgid(0), signal.SIGKILL)


class _Orders(threading.Thread):
    """Reads what is to be done, and starts what that needs, while Beam is imported.

    Attributes:
        order: settings and options; None where the command ended before there was anything to do.
        server: Beam's job server, where the order is for Flink.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.order: dict[str, Any] | None = None
        self.server: FlinkServer | None = None
        self.start()

    def run(self) -> None:
        """Waits for the order."""
        line = sys.stdin.readline()
        if line:
            self.order = json.loads(line)
            self.server = start_server(self.order["options"])


def _run(build: Build, order: dict[str, Any], server: FlinkServer | None) -> None:
    """Runs the pipeline that the order describes."""
    import apache_beam as beam
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PortableOptions

    from ferbeam.runners.forked_workers import forking_runner
    from ferbeam.runners.quick_beam import QuickOptions, remember_steps

    remember_steps()
    options = QuickOptions(order["options"])
    FileSystems.set_options(options)  # forked workers read stores by them, too
    runner = forking_runner(options)
    threading.Thread(target=_end_with_parent, args=(order["options"],), daemon=True).start()
    pipeline = beam.Pipeline(runner=runner, options=options)
    build(pipeline, order["settings"])
    if server is not None:
        pipeline.options.view_as(PortableOptions).job_endpoint = server.wait()
    pipeline.run().wait_until_finish()


def main() -> None:
    """Runs the job named on the command line as soon as standard input says how."""
    leave_out("pandas", "IPython", "bson", *([] if is_installed() else [BIGQUERY]))
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("apache_beam.io.mongodbio").setLevel(logging.ERROR)  # it misses bson
    # Nothing of what is imported is garbage, and looking for it takes 0.2 s. Frozen, it is never
    # looked at again, so that forked workers go on sharing its memory.
    gc.disable()
    orders = _Orders()
    build = _import_job(sys.argv[1])
    gc.freeze()
    gc.enable()
    orders.join()
    if orders.order is not None:
        _run(build, orders.order, orders.server)
    # Not sys.exit: Beam leaves threads behind that would keep a finished job alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
