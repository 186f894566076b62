"""Gets the job server: the jar through which Beam submits to Flink.

Beam downloads the one of its own version. Where that is not to be had, Maven assembles one from the
modules that `job_server/pom.xml` names, of an older Beam: what both sides say to each other is the
same.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import sys
from pathlib import Path

from fer_core.errors import FerError, UsageError

POM = Path(__file__).with_name("job_server") / "pom.xml"
POM_FLINK = "1.19"
"""The version of Flink that the modules are for."""


def get_job_server(version: str, target: Path) -> str:
    """Puts the job server for a version of Flink at `target` and returns where it is from.

    Raises:
        UsageError: it can be neither downloaded nor assembled.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source, origin = Path(_download(version)), "downloaded by Beam"
    except (RuntimeError, OSError) as error:
        reason = str(error).partition(". ")[0]
        sys.stdout.write(f"Beam cannot get its job server ({reason}); assembling one\n")
        source, origin = _assemble(version, target.parent / "job-server"), "assembled by Maven"
    unfinished = target.with_suffix(".part")
    shutil.copyfile(source, unfinished)
    unfinished.replace(target)
    return origin


def _download(version: str) -> Path:
    from apache_beam.utils.subprocess_server import JavaJarServer

    jar = JavaJarServer.path_to_beam_jar(f":runners:flink:{version}:job-server:shadowJar")
    return Path(JavaJarServer.local_jar(jar))


def _assemble(version: str, folder: Path) -> Path:
    if version != POM_FLINK:
        raise UsageError(f"job server: none to be had for Flink {version}, only for {POM_FLINK}")
    maven = shutil.which("mvn")
    if maven is None:
        raise UsageError("job server: needs mvn to assemble it, or a jar of Beam's that you have")
    folder = folder.absolute()
    command = [maven, "-B", "-q", "-f", str(POM), f"-Dferbeam.folder={folder}", "package"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        raise UsageError(f"job server: mvn failed: {(errors or [done.stderr])[0][:300]}")
    return next(folder.glob("flink-job-server-*.jar"))


def main() -> None:
    """Does what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="of Flink, such as 1.19")
    parser.add_argument("target", type=Path, help="where the jar goes")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # Beam's, that it downloads
    try:
        origin = get_job_server(options.version, options.target)
    except FerError as error:
        sys.stderr.write(f"ferbeam: {error}\n")
        sys.exit(2)
    sys.stdout.write(f"job server for Flink {options.version}: {origin}\n")


if __name__ == "__main__":
    main()
