"""The process in which Beam runs: reads its settings from standard input, ends with it."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading

from pipelines import analyze, prepare
from pipelines.settings import AnalyzeSettings, PrepareSettings


def _end_with_parent() -> None:
    """Ends this process group once the command that started it is gone, however it ended."""
    sys.stdin.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    """Runs the pipeline that standard input describes."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    logging.basicConfig(level=logging.WARNING)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipeline = beam.Pipeline(options=PipelineOptions(order["options"]))
    if order["job"] == "prepare":
        prepare.build_pipeline(pipeline, PrepareSettings.from_dict(order["settings"]))
    else:
        analyze.build_pipeline(pipeline, AnalyzeSettings.from_dict(order["settings"]))
    pipeline.run().wait_until_finish()
    # Not sys.exit: Beam leaves threads behind that would keep a finished job alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
