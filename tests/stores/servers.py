"""Real servers on loopback that speak the protocols of S3 and Google Cloud Storage."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from http.server import HTTPServer
from typing import Any

from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "media"


@dataclass(frozen=True)
class Asked:
    """A request that a server has answered."""

    method: str
    path: str
    query: str
    sent: int
    status: int = 200


@dataclass
class Server:
    """A running server.

    Attributes:
        scheme: of its URIs.
        environment: what points clients to it.
        asked: the requests so far.
    """

    scheme: str
    environment: dict[str, str]
    stop: Callable[[], None]
    asked: list[Asked] = field(default_factory=list)

    def uri(self, *names: str) -> str:
        """Returns the URI of something in the bucket."""
        return f"{self.scheme}://" + "/".join((BUCKET, *names))


class _Quiet(WSGIRequestHandler):  # type: ignore[misc]
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing."""


def start_s3() -> Server:
    """Starts an S3 server with one bucket."""
    application = DomainDispatcherApplication(create_backend_app)
    asked: list[Asked] = []

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        parts = list(application(environ, start_response))
        request = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]
        asked.append(Asked(*request, sum(map(len, parts))))
        return parts

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    create_s3_bucket(server.server_port)
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return Server("s3", environment, server.shutdown, asked)


def create_s3_bucket(port: int) -> None:
    """Makes the bucket with a plain request, as long as the server asks for no signature."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("PUT", f"/{BUCKET}")
    assert connection.getresponse().status == 200
    connection.close()


def start_gcs() -> Server:
    """Starts a Google Cloud Storage emulator with one bucket."""
    asked: list[Asked] = []

    class Handler(RequestHandler):  # type: ignore[misc]
        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            path, _, query = self.path.partition("?")
            asked.append(Asked(self.command, path, query, 0, int(code)))

    storage = Storage(use_memory_fs=True)
    create_bucket(BUCKET, storage)
    server = HTTPServer(("127.0.0.1", 0), partial(Handler, storage))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{server.server_port}"}
    return Server("gs", environment, server.shutdown, asked)
