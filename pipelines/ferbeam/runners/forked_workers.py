"""Worker processes of the local runner, forked from the job once it has imported everything.

Those that Beam starts itself (`multi_processing`) are new interpreters, each of which imports Beam
and the libraries again: 2-3 s of every core. A forked one is ready at once and shares the memory of
what is imported. They talk to the runner as `private_server` says, which Beam's own cannot.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import nullcontext
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    GrpcWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.worker.sdk_worker import SdkHarness
from apache_beam.transforms.environments import Environment, python_sdk_capabilities

from ferbeam.guard.fresh_python import away_from_here
from ferbeam.guard.watchdog import WORKER_LOST
from ferbeam.runners.capacity import usable_cpus
from ferbeam.runners.private_server import PrivateServer, listen_privately

URN = "ferbeam:env:forked:v1"
HOW = "fork" if sys.platform == "linux" else "spawn"
"""Elsewhere libraries that have been imported may not survive a fork."""

_waiting: list[tuple[BaseProcess, Connection]] = []


def forking_runner(options: PipelineOptions) -> FnApiRunner | None:
    """Forks the workers that the options ask for and returns the runner that uses them.

    To be called before anything has started a thread: a fork takes none of them along, and what
    they had locked would stay locked. gRPC must not have opened a channel either.

    Returns:
        None where the options name another runner, or a single worker within the job.
    """
    direct = options.view_as(DirectOptions)
    named = options.view_as(StandardOptions).runner or ""
    if direct.direct_running_mode != "multi_processing":
        return None
    if named.rpartition(".")[2] != "FnApiRunner":
        return None
    direct.direct_running_mode = "in_memory"  # else Beam sets up its own workers
    listen_privately(inherited=HOW == "fork")
    context: Any = multiprocessing.get_context(HOW)
    told = options.get_all_options(drop_default=True)
    with away_from_here() if HOW == "spawn" else nullcontext():  # a fork would stay away
        for _ in range(direct.direct_num_workers or usable_cpus()):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, told), daemon=True)
            process.start()
            theirs.close()
            _waiting.append((process, ours))
    return FnApiRunner(default_environment=ForkedEnvironment(python_sdk_capabilities()))


def _serve(orders: Connection, options: dict[str, Any]) -> None:
    """Waits in a new worker until the runner wants it, then works until the runner is done."""
    if HOW == "spawn":
        FileSystems.set_options(PipelineOptions.from_dictionary(options))
    worker_id, control_address = orders.recv()
    SdkHarness(control_address, worker_id=worker_id).run()


@Environment.register_urn(URN, None)
class ForkedEnvironment(Environment):
    """Tells Beam that steps run in forked workers."""

    def to_runner_api_parameter(self, context: Any) -> tuple[str, bytes]:
        """Names the kind of environment; it has no parameter."""
        return URN, b""

    @staticmethod
    def from_runner_api_parameter(
        payload: None, capabilities: Any, artifacts: Any, resource_hints: Any, context: Any
    ) -> ForkedEnvironment:
        """Builds the environment from a pipeline's description."""
        return ForkedEnvironment(capabilities, artifacts, resource_hints)


@WorkerHandler.register_environment(URN, None)
class ForkedWorkerHandler(GrpcWorkerHandler):
    """Gives a forked worker to the runner, and ends the job if the worker dies."""

    def __init__(self, payload: None, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        assert isinstance(grpc_server, PrivateServer)
        self._process, self._orders = _waiting.pop(0)
        self._watch = threading.Thread(target=self._end_with_worker, daemon=True)

    def port_from_worker(self, port: str) -> str:
        """Returns the address at which the server listens: one socket for everything."""
        return port

    def start_worker(self) -> None:
        """Lets the worker connect to the runner."""
        self._orders.send((self.worker_id, self.control_address))
        self._watch.start()

    def stop_worker(self) -> None:
        """Waits for the worker, which ends because its connection is closed."""
        self._watch.join()

    def _end_with_worker(self) -> None:
        """Ends the job with its worker: Beam would wait for ever for one that was killed."""
        self._process.join()
        code = self._process.exitcode
        if code:
            if code != WORKER_LOST:  # else it has said itself why it ended
                how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                why = "; memory may have run out" if code == -signal.SIGKILL else ""
                sys.stderr.write(f"WorkerError: a worker ended with {how}{why}\n")
                sys.stderr.flush()
            os._exit(WORKER_LOST)
