"""What is checked before a job goes to Flink; without Java, and with a REST server of its own."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # Beam brings it

from fer_core.errors import FerError, UsageError
from ferbeam.deploy import worker_pool
from ferbeam.runners import flink
from ferbeam.runners.beam_options import option_value
from ferbeam.runners.flink import DEFAULT_POOL, cancel_job, flink_options
from ferbeam.runners.flink_server import free_port, start_server
from ferbeam.runners.job_process import _cause
from ferbeam.runners.runner import Runner
from tests.pipelines.jobs import SAMPLES, ferbeam

ROOT = Path(__file__).resolve().parents[2]

OVERVIEW = {"flink-version": "1.19.3", "slots-total": 4, "taskmanagers": 2}


@contextmanager
def rest_server(answers: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Answers requests as Flink's REST interface would; yields its address and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            found = self.path in answers
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answers.get(self.path, "?")).encode())

        do_PATCH = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A JAVA_HOME with a program that nobody starts."""
    program = tmp_path / "java" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    monkeypatch.setenv("JAVA_HOME", str(program.parent.parent))
    return program


def options_with(overview: dict[str, Any], *extra: str) -> list[str]:
    """Returns the Beam options for a cluster that tells this of itself."""
    with rest_server({"/overview": overview}) as (master, _):
        return flink_options([f"--flink_master={master}", *extra])


def test_what_is_not_said_follows_from_the_cluster() -> None:
    options = options_with(OVERVIEW)
    assert options[0] == "--runner=FlinkRunner"
    found = {name: option_value(options, name) for name in ("flink_version", "parallelism")}
    assert found == {"flink_version": "1.19", "parallelism": "4"}
    assert option_value(options, "sdk_worker_parallelism") == "2"
    assert option_value(options, "environment_type") == "EXTERNAL"
    assert option_value(options, "environment_config") == "localhost:50000"
    other = options_with(OVERVIEW)
    assert option_value(options, "job_name") != option_value(other, "job_name")


def test_what_the_user_says_stays() -> None:
    own = ["--parallelism=1", "--environment_config", "workers:1", "--sdk_worker_parallelism=3"]
    options = options_with(OVERVIEW, *own)
    assert option_value(options, "parallelism") == "1"
    assert option_value(options, "environment_config") == "workers:1"
    assert option_value(options, "sdk_worker_parallelism") == "3"
    docker = options_with(OVERVIEW, "--environment_type=DOCKER")
    assert option_value(docker, "environment_config") is None


@pytest.mark.parametrize(
    ("overview", "extra", "reason"),
    [
        ({**OVERVIEW, "flink-version": "1.17.1"}, [], "version 1.17, Beam supports 1.19"),
        ({**OVERVIEW, "slots-total": 0, "taskmanagers": 0}, [], "has no task manager"),
        (OVERVIEW, ["--parallelism=5"], "--parallelism 5: the cluster has 4 slots"),
        (OVERVIEW, ["--parallelism=0"], "--parallelism 0"),
        (OVERVIEW, ["--flink_job_server_jar=/no/where.jar"], "/no/where.jar: is not there"),
        ({"error": "?"}, [], "is no Flink cluster"),
        ([], [], "is no Flink cluster"),
    ],
)
def test_what_does_not_fit_the_cluster_is_refused(
    overview: dict[str, Any], extra: list[str], reason: str
) -> None:
    with pytest.raises(FerError, match=reason):
        options_with(overview, *extra)


def test_a_job_server_for_another_flink_is_refused(tmp_path: Path) -> None:
    jar = tmp_path / "beam-runners-flink-2.0-job-server-2.77.0.jar"
    jar.touch()
    with pytest.raises(UsageError, match=r"is for Flink 2.0, the cluster is 1.19"):
        options_with(OVERVIEW, f"--flink_job_server_jar={jar}")


def test_a_server_that_is_not_flink_is_told_from_none() -> None:
    with rest_server({}) as (master, _), pytest.raises(FerError, match="is no Flink cluster"):
        flink_options([f"--flink_master={master}"])
    nobody = f"127.0.0.1:{free_port()}"
    with pytest.raises(FerError, match=f"flink {nobody}: no cluster answers there"):
        flink_options([f"--flink_master={nobody}"])
    with pytest.raises(FerError, match="flink nowhere"):
        flink_options(["--flink_master=nowhere:port"])


def test_no_java_is_told(java: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java.unlink()
    with pytest.raises(UsageError, match="java: not in JAVA_HOME"):
        flink_options(["--flink_master=localhost:1"])
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="java: not found; Flink needs Java"):
        flink_options(["--flink_master=localhost:1"])


def test_the_cluster_must_be_named() -> None:
    with pytest.raises(UsageError, match="--flink_master=HOST:PORT"):
        Runner("flink", 2).options(None)


def test_nothing_is_written_where_no_cluster_answers(tmp_path: Path) -> None:
    master = f"--flink_master=localhost:{free_port()}"
    output = tmp_path / "out"
    done = ferbeam("analyze", SAMPLES, output, "--runner", "flink", "--", master)
    assert done.returncode == 1
    assert done.stderr.startswith("ferbeam: flink localhost:")
    assert done.stderr.count("\n") == 1
    assert list((output / ".spans").glob("*")) == []


def test_only_the_own_job_is_cancelled() -> None:
    jobs = [
        {"jid": "1", "name": "ferbeam-a", "state": "FINISHED"},
        {"jid": "2", "name": "ferbeam-a", "state": "RESTARTING"},
        {"jid": "3", "name": "ferbeam-b", "state": "RUNNING"},
    ]
    with rest_server({"/jobs/overview": {"jobs": jobs}, "/jobs/2": {}}) as (master, asked):
        cancel_job([f"--flink_master={master}", "--job_name=ferbeam-a"])
    assert asked == ["GET /jobs/overview", "PATCH /jobs/2"]
    cancel_job([f"--flink_master={master}", "--job_name=ferbeam-a"])  # the cluster is gone
    cancel_job(["--runner=FnApiRunner"])


def test_a_job_server_that_cannot_be_had_is_told_in_one_line() -> None:
    log = (
        "Traceback ...\nRuntimeError: Unable to fetch remote job server jar at https://a.b/c.jar: "
        "HTTP Error 404: Not Found. Also failed to fetch from elsewhere: no. If no Internet access"
    )
    assert _cause(log) == (
        "Beam's job server cannot be downloaded (HTTP Error 404: Not Found): "
        "-- --flink_job_server_jar=FILE names one, `make flink-up` makes one"
    )
    assert _cause("OSError: no such thing") == "OSError: no such thing"


def test_the_versions_are_those_of_beam() -> None:
    from apache_beam.options.pipeline_options import FlinkRunnerOptions

    assert list(flink.SUPPORTED) == FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS


def test_the_manifest_for_kubernetes_fits_the_commands() -> None:
    """Its Flink is that of `make`, its pool is where jobs look for it, all its ways restart."""
    text = (ROOT / "pipelines/ferbeam/deploy/flink_kubernetes.yaml").read_text()
    spec = yaml.safe_load(text)["spec"]
    version = re.search(r"FLINK_VERSION := (\S+)", (ROOT / "Makefile").read_text())
    assert version is not None
    assert f"{spec['image']} is flink:{version[1]}-java17@sha256:" in text
    assert spec["flinkVersion"] == "v" + version[1].replace(".", "_")
    main, workers = spec["taskManager"]["podTemplate"]["spec"]["containers"]
    assert main["name"] == "flink-main-container"
    assert workers["command"][2:] == [worker_pool.__name__, "--port", DEFAULT_POOL.split(":")[1]]
    assert spec["flinkConfiguration"]["restart-strategy.type"] == "fixed-delay"


SERVING = """
import socket, sys
port = int(sys.argv[sys.argv.index("--job-port") + 1])
print("as", *sys.argv[1:4], flush=True)
socket.create_server(("127.0.0.1", port)).accept()
"""


def server_options(java: Path, code: str) -> list[str]:
    """Makes a Java that runs code of Python's, and returns options that name a jar for it."""
    script, jar = java.with_name("code.py"), java.with_name("a.jar")
    script.write_text(code)
    java.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    jar.touch()
    own = [f"--flink_job_server_jar={jar}", "--flink_master=localhost:1"]
    return [*own, "--job_server_jvm_properties=-Xmx1g"]


def test_the_job_server_starts_beside_beam_and_is_waited_for(java: Path) -> None:
    options = server_options(java, SERVING)
    server = start_server(options)
    assert server is not None
    with server.process:
        assert server.wait() == f"localhost:{server.port}"
        server.process.kill()
    assert server.log.read_text() == f"as -Xmx1g -jar {java.with_name('a.jar')}\n"


def test_a_job_server_that_ends_is_told_with_its_last_words(java: Path) -> None:
    server = start_server(server_options(java, "raise SystemExit('no room for it')"))
    assert server is not None
    with pytest.raises(RuntimeError, match=r"^Beam's job server did not start: no room for it$"):
        server.wait()


@pytest.mark.parametrize("other", ["--job_endpoint=localhost:8099", "--artifacts_dir=/tmp/a"])
def test_where_beam_is_told_of_a_server_none_is_started(java: Path, other: str) -> None:
    options = server_options(java, SERVING)
    assert start_server([*options, other]) is None
    assert start_server(options[1:]) is None
