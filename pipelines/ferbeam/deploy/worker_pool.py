"""Beam's worker pool, on loopback only: starts the Python processes that Flink asks for.

Beam's own listens on all interfaces, starts whatever `python` is on the path, and imports Beam and
the libraries in every worker again; these are forked from a server that has imported everything.

A further method tells a submitter whether workers would run what it is about to send: see
`ferbeam.runners.worker_check`.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from ferbeam.deploy.worker import run_worker
from ferbeam.runners.worker_check import CHECK_SERVICE, describe_problems

HOST = "127.0.0.1"
IMPORTED = [
    "apache_beam.runners.worker.sdk_worker",
    "ferbeam.analysis.pipeline",
    "ferbeam.training.prepare_pipeline",
]


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts worker processes; they end with those they work for, or with the pool."""

    def __init__(self) -> None:
        forks = sys.platform == "linux"
        self._context: Any = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            self._context.set_forkserver_preload(IMPORTED)
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Lets the libraries be imported before the first worker is wanted."""
        process = self._context.Process(target=int)
        process.start()
        process.join()

    def StartWorker(self, request: Any, context: Any) -> Any:  # noqa: N802  (Beam's name)
        """Starts a process that works for the control endpoint of the request."""
        url, name = request.control_endpoint.url, request.worker_id
        logging.info("worker %s for %s", name, url)
        try:
            with self._lock:
                process = self._context.Process(target=run_worker, args=(url, name))
                process.start()  # this also clears away those that have ended
        except (OSError, RuntimeError, EOFError):
            return beam_fn_api_pb2.StartWorkerResponse(error=traceback.format_exc())
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: Any) -> Any:  # noqa: N802  (Beam's name)
        """Leaves a worker to end by itself, as it does when its control endpoint is closed.

        Task managers count their workers each for itself: a name may be that of two workers, and
        the one to be stopped cannot be told from the one that works.
        """
        return beam_fn_api_pb2.StopWorkerResponse()


def _answer_check(request: bytes, context: Any) -> bytes:
    return json.dumps(describe_problems(json.loads(request))).encode()


def serve(pool: WorkerPool, port: int) -> tuple[grpc.Server, int]:
    """Starts the pool on loopback.

    Args:
        pool: what starts the workers.
        port: to listen at, 0 for any.

    Returns:
        The server, and the port at which it listens.

    Raises:
        OSError: the port is taken.
    """
    # Without SO_REUSEPORT: two pools at one port would each get some of the requests.
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    check = grpc.unary_unary_rpc_method_handler(_answer_check)
    own = grpc.method_handlers_generic_handler(CHECK_SERVICE, {"Check": check})
    server.add_generic_rpc_handlers((own,))
    try:
        bound = server.add_insecure_port(f"{HOST}:{port}")
    except RuntimeError as error:
        raise OSError(f"worker pool: port {port} is taken; choose another") from error
    server.start()
    logging.info("worker pool at %s:%s", HOST, bound)
    return server, bound


def main() -> None:
    """Serves at the port of the command line until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=50000)
    options = parser.parse_args()
    # Forced, because Beam may have logged something while it was imported.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    os.chdir("/")  # `multiprocessing` starts Python where it would import from the working folder
    pool = WorkerPool()
    server, _ = serve(pool, options.port)
    pool.warm_up()  # who asks for a worker meanwhile waits; who finds no pool counts it as failed
    server.wait_for_termination()


if __name__ == "__main__":
    main()
