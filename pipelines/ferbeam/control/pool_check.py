"""Asks a worker pool, before a job starts, whether its workers can do it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fer_core.errors import FerError
from ferbeam.runners.beam_options import option_value
from ferbeam.runners.worker_check import CHECK_SERVICE, WorkerNeeds, installed_versions

if TYPE_CHECKING:
    from ferbeam.control.request import AnalysisRequest

LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")
ANSWER_SECONDS = 20.0


def check_workers(request: AnalysisRequest, options: Sequence[str]) -> None:
    """Asks the worker pool that the Beam options name whether it can do an analysis.

    A pool on the loopback of other machines cannot be asked from here: its workers tell when they
    start. Neither can Beam's own pool.

    Raises:
        FerError: the pool does not answer, or its workers lack something.
    """
    if option_value(options, "environment_type") != "EXTERNAL":
        return
    pool = option_value(options, "environment_config") or ""
    master = (option_value(options, "flink_master") or "").rpartition("//")[2]
    if _host(pool) in LOOPBACK and _host(master) not in LOOPBACK:
        return
    problems = ask_pool(pool, describe_needs(request))
    if problems:
        raise FerError(f"worker pool {pool}: {'; '.join(problems)}")


def _host(address: str) -> str:
    return address.partition("/")[0].rpartition(":")[0]


def describe_needs(request: AnalysisRequest) -> WorkerNeeds:
    """Returns what the workers of an analysis must have."""
    output, settings = request.output, request.settings
    files = [
        settings.detector_model,
        settings.render and settings.render.avatars,
    ]
    return WorkerNeeds(
        versions=installed_versions(),
        input=None if "://" in request.input or "*" in request.input else _path(request.input),
        output=_existing(_path(output.root)) if output.is_local else None,
        model_dir=settings.model_dir,
        engine=settings.rows.engine,
        model_sha256=settings.rows.model_sha256,
        files=tuple(path for path in files if path),
    )


def _path(path: str) -> str:
    """Returns a path that JSON can carry: names need not be UTF-8."""
    return os.path.abspath(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _existing(path: str) -> str:
    """Returns the deepest folder of a path that exists."""
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def ask_pool(pool: str, needs: WorkerNeeds) -> list[str]:
    """Asks a pool what keeps its workers from doing a job; Beam's own pool does not say.

    Args:
        pool: HOST:PORT.
        needs: what the workers must have.

    Raises:
        FerError: no pool answers there.
    """
    import grpc

    with grpc.insecure_channel(pool, options=[("grpc.enable_http_proxy", 0)]) as channel:
        ask = channel.unary_unary(f"/{CHECK_SERVICE}/Check")
        try:
            answer = ask(json.dumps(needs.to_dict()).encode(), timeout=ANSWER_SECONDS)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return []
            raise FerError(
                f"worker pool {pool}: does not answer; `make flink-up` starts one, "
                "-- --environment_config=HOST:PORT names another"
            ) from error
    problems: list[str] = json.loads(answer)
    return problems
