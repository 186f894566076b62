"""Starts an analysis: its process imports Beam while this one makes a request of the options.

What that process does is in `analysis/pipeline.py`; what this one does meanwhile, in `run.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ferbeam.runners.job_process import Job
from ferbeam.runners.runner import check_runner

if TYPE_CHECKING:
    from ferbeam.control.analyze_options import AnalyzeOptions
    from ferbeam.control.progress import Progress
    from ferbeam.output.run_file import Run


def start_analysis(
    options: AnalyzeOptions, command: Sequence[str], make_progress: Callable[[], Progress]
) -> Run | None:
    """Analyses to the end; however this ends, nothing is left running.

    Args:
        options: of the analysis.
        command: the words of the command that asks for it, without `ferbeam`.
        make_progress: makes what is told how far it is.

    Returns:
        What `run.json` holds; None where the job was only checked, or written down.

    Raises:
        FerError: with what cannot be done, and what would be right.
    """
    check_runner(options.runner, options.beam_options)
    with Job("analyze") as job:
        from ferbeam.control.ask import ask_analysis
        from ferbeam.control.run import run_analysis

        return run_analysis(ask_analysis(options, command), make_progress(), job)
