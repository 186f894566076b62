"""Beam's job server for Flink, started while Beam itself is still imported.

Beam starts it when the pipeline is built, and then waits for its port by gRPC, which looks again
after 1, 1.6, 2.6 ... seconds: together some 4 s of a job's start.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ferbeam.runners.beam_options import option_value
from ferbeam.runners.flink import find_java

HOST = "127.0.0.1"
START_SECONDS = 120.0
LOOK_SECONDS = 0.05
OTHERWISE = (
    *("job_endpoint", "flink_submit_uber_jar", "job_server_java_launcher"),
    *("artifacts_dir", "job_port", "artifact_port", "expansion_port"),
)
"""Options of Beam's with which it starts another server, or this one in another way."""


@dataclass(frozen=True)
class FlinkServer:
    """A job server that has been started.

    Attributes:
        process: ends with the process group of the job.
        port: at which it takes jobs, on this machine.
        log: what it prints.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def wait(self) -> str:
        """Waits until it takes jobs and returns where: host and port.

        Raises:
            RuntimeError: it has ended, or does not begin to listen.
        """
        limit = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < limit:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return f"localhost:{self.port}"
            time.sleep(LOOK_SECONDS)
        said = self.log.read_text(errors="replace").strip().splitlines()
        raise RuntimeError(f"Beam's job server did not start: {(said or ['no reason given'])[-1]}")


def free_port() -> int:
    """Returns a port of this machine that nothing listens at."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def start_server(options: Sequence[str]) -> FlinkServer | None:
    """Starts the job server that Beam options name.

    Returns:
        None where they name none that is a file here: then Beam finds it, and starts it.
    """
    jar, master = (option_value(options, f"flink_{name}") for name in ("job_server_jar", "master"))
    if jar is None or master is None or not Path(jar).is_file():
        return None
    if any(option.lstrip("-").partition("=")[0] in OTHERWISE for option in options):
        return None
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="job-server-"))
    flags = option_value(options, "job_server_jvm_properties") or ""
    command = [find_java(), *flags.split(), "-jar", jar, "--flink-master", master]
    command += ["--artifacts-dir", str(folder / "artifacts"), "--job-port", str(port)]
    command += ["--artifact-port", "0", "--expansion-port", "0"]
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT
        )
    return FlinkServer(process, port, log)
