"""Submitting to a Flink cluster: the Beam options of a job, and what is checked before it starts.

Options that the user has set are left as they are; what is missing follows from the cluster.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fer_core.errors import FerError, UsageError
from ferbeam.runners.beam_options import option_value

SUPPORTED = ("1.19", "1.20", "2.0", "2.1", "2.2")
"""Versions of Flink for which Beam publishes a job server."""

DEFAULT_POOL = "localhost:50000"
ASK_SECONDS = 5.0
NO_FLINK = "is no Flink cluster; name its REST address"


@dataclass(frozen=True)
class Cluster:
    """What a Flink cluster tells of itself.

    Attributes:
        version: of Flink, such as 1.19.
        slots: of all its task managers.
        task_managers: how many are registered.
    """

    version: str
    slots: int
    task_managers: int

    @property
    def slots_each(self) -> int:
        """Slots of one task manager, at most."""
        return -(-self.slots // max(1, self.task_managers))


def flink_options(extra: Sequence[str]) -> list[str]:
    """Returns the Beam options of a job on Flink, the user's own last.

    Raises:
        UsageError: the cluster is not named, or an option or this machine does not fit it.
        FerError: nothing that is a Flink cluster answers there.
    """
    master = option_value(extra, "flink_master")
    if not master:
        raise UsageError("runner flink: needs the cluster's address: -- --flink_master=HOST:PORT")
    find_java()
    _check_jar(extra)
    cluster = ask_cluster(master)
    _check_versions(master, cluster, extra)
    _check_slots(master, cluster, extra)
    options = [
        "--runner=FlinkRunner",
        f"--job_name=ferbeam-{uuid.uuid4().hex[:12]}",
        f"--flink_version={cluster.version}",
        f"--parallelism={cluster.slots}",
        # One process a slot: processes do not share an interpreter, and each loads one model.
        f"--sdk_worker_parallelism={cluster.slots_each}",
        "--job_server_jvm_properties=-XX:TieredStopAtLevel=1",  # it lives for seconds
    ]
    if option_value(extra, "environment_type") in (None, "EXTERNAL"):
        options += ["--environment_type=EXTERNAL", f"--environment_config={DEFAULT_POOL}"]
    return [*options, *extra]


def _check_jar(extra: Sequence[str]) -> None:
    jar = option_value(extra, "flink_job_server_jar")
    if jar is not None and "://" not in jar and not os.path.isfile(jar):
        raise UsageError(f"--flink_job_server_jar {jar}: is not there; without it Beam gets one")


def _check_versions(master: str, cluster: Cluster, extra: Sequence[str]) -> None:
    """Checks that Beam has a runner for the version of the cluster, and that the jar is for it."""
    if cluster.version not in SUPPORTED and option_value(extra, "flink_version") is None:
        raise UsageError(
            f"flink {master}: version {cluster.version}, Beam supports {', '.join(SUPPORTED)}"
        )
    jar = os.path.basename(option_value(extra, "flink_job_server_jar") or "")
    named = re.search(r"flink-(\d+\.\d+)-", jar)
    if named and named[1] != cluster.version:
        raise UsageError(
            f"--flink_job_server_jar {jar}: is for Flink {named[1]}, the cluster is "
            f"{cluster.version}; without it Beam gets the one that fits"
        )


def _check_slots(master: str, cluster: Cluster, extra: Sequence[str]) -> None:
    """Checks that there are enough slots."""
    if cluster.slots == 0:
        raise FerError(f"flink {master}: has no task manager; start one, or wait until it is there")
    wanted = option_value(extra, "parallelism")
    if wanted is not None and (not wanted.isdecimal() or not 1 <= int(wanted) <= cluster.slots):
        raise UsageError(f"--parallelism {wanted}: the cluster has {cluster.slots} slots")


def ask_cluster(master: str) -> Cluster:
    """Asks a cluster what it is.

    Args:
        master: HOST:PORT of its REST interface.

    Raises:
        FerError: nothing answers there, or it is no Flink cluster.
    """
    overview = _request(master, "overview")
    try:
        version = ".".join(overview["flink-version"].split(".")[:2])
        return Cluster(version, int(overview["slots-total"]), int(overview["taskmanagers"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FerError(f"flink {master}: {NO_FLINK}") from error


def _request(master: str, path: str, method: str = "GET") -> Any:
    """Sends a request to the REST interface of a cluster and returns its answer."""
    # Not above: every run would load them.
    import http.client
    import urllib.error
    import urllib.request

    url = f"{master if '://' in master else f'http://{master}'}/{path}"
    # Never through a proxy: Beam's job server does not use one either.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(url, method=method)
        with opener.open(request, timeout=ASK_SECONDS) as answer:
            return json.load(answer)
    except (ValueError, http.client.InvalidURL) as error:
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
            raise FerError(f"flink {master}: {NO_FLINK}") from error
        raise UsageError(f"flink {master}: is no address; write HOST:PORT") from error
    except (urllib.error.HTTPError, http.client.HTTPException) as error:
        raise FerError(f"flink {master}: {NO_FLINK}") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise FerError(
            f"flink {master}: no cluster answers there ({reason}); `make flink-up` starts one"
        ) from error


def explain_failure(cause: str) -> str:
    """Says in ferbeam's words why a job failed on Flink, where Beam's say too much."""
    found = re.search(r"Unable to fetch remote job server jar at \S+: (.*?)\. ", cause)
    if found is None:
        return cause
    return (
        f"Beam's job server cannot be downloaded ({found[1]}): "
        "-- --flink_job_server_jar=FILE names one, `make flink-up` makes one"
    )


def cancel_job(options: Sequence[str]) -> None:
    """Cancels the job of these options if the cluster still runs it."""
    master, name = option_value(options, "flink_master"), option_value(options, "job_name")
    if master is None or name is None:
        return
    with contextlib.suppress(FerError):  # a cluster that is gone runs nothing
        for job in _request(master, "jobs/overview")["jobs"]:
            if job["name"] == name and job["state"] not in ("FINISHED", "CANCELED", "FAILED"):
                _request(master, f"jobs/{job['jid']}", "PATCH")


def find_java() -> str:
    """Returns the command that starts Java, found as Beam finds it.

    Raises:
        UsageError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(os.path.join(home, "bin", "java") if home else "java")
    if java is None:
        place = f"not in JAVA_HOME {home}" if home else "not found"
        raise UsageError(f"java: {place}; Flink needs Java 11 or 17")
    return java
