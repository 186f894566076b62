"""Where workers of this machine talk to Beam's runner: a Unix socket that only their user reaches.

Beam's own server listens on four ports of all interfaces, asks nobody who they are, hands out what
goes through the pipeline, and with its artifact service every file that its user may read. A socket
in a folder of mode 700 needs neither ports nor passwords: the kernel lets nobody else in.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.runners.worker.data_plane import BeamFnDataServicer
from apache_beam.utils import thread_pool_executor

_OPTIONS = [
    # As Beam's own: no limit to a message, and no end for pings too many.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
]
_STOP_SECONDS = 5
_address = ""


def listen_privately(inherited: bool) -> None:
    """Makes Beam's runner, from now on and in this process, talk to its workers privately.

    Args:
        inherited: whether workers are forked after this, and so inherit the folder of the socket.
    """
    global _address
    folder = tempfile.mkdtemp(prefix="ferbeam-")  # mode 700
    if inherited:
        # The address of a socket is 107 bytes at most, and that of a temporary folder may be more.
        folder = f"/proc/self/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY)}"
    _address = f"unix:{folder}/runner"
    worker_handlers.GrpcServer = PrivateServer


class PrivateServer(worker_handlers.GrpcServer):
    """Serves control, data and state at one socket, and nothing else.

    Forked workers need neither files staged nor their log collected, so what would serve that is
    not there.

    Attributes:
        control_port: the address, by the name under which Beam asks for it; as the others.
    """

    def __init__(self, state: Any, provision_info: Any, worker_manager: Any) -> None:
        self.state, self.provision_info = state, provision_info
        self.control_port = self.data_port = self.state_port = self.logging_port = _address
        self.control_handler = worker_handlers.BeamFnControlServicer(worker_manager)
        self.data_plane_handler = BeamFnDataServicer(worker_handlers.DATA_BUFFER_TIME_LIMIT_MS)
        states = worker_handlers.GrpcStateServicer(state)
        threads = thread_pool_executor.shared_unbounded_instance()
        self._server = grpc.server(threads, options=_OPTIONS)
        beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(self.control_handler, self._server)
        beam_fn_api_pb2_grpc.add_BeamFnDataServicer_to_server(self.data_plane_handler, self._server)
        beam_fn_api_pb2_grpc.add_BeamFnStateServicer_to_server(states, self._server)
        self._server.add_insecure_port(_address)
        self._server.start()

    def close(self) -> None:
        """Stops serving."""
        self.control_handler.done()
        self._server.stop(_STOP_SECONDS).wait()
