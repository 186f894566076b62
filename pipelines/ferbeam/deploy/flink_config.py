"""A Flink cluster on one machine: its configuration, and the commands that start its parts.

`apache-flink-libraries` has Flink's jars but none of its start scripts; this is what they do.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fer_core.errors import FerError, UsageError
from ferbeam.runners.flink import find_java

HOST = "127.0.0.1"
JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
MEMORY = "org.apache.flink.runtime.util.bash.BashJavaUtils"
MEMORY_PREFIX = "BASH_JAVA_UTILS_EXEC_RESULT:"

# Flink's own distribution opens these to itself: Java 17 forbids the reflection it uses.
_OPEN = ("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util", "util.concurrent")
_OPEN_MORE = ("util.concurrent.atomic", "util.concurrent.locks")
JAVA_FLAGS = (
    # To start quickly and to leave the cores to the workers: little of the work is Flink's own.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in (*_OPEN, *_OPEN_MORE)),
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
)

LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c - %m%n
"""


@dataclass(frozen=True)
class ClusterPlan:
    """What a cluster on this machine is made of.

    Attributes:
        home: the folder of Flink's `lib/` and `bin/`.
        folder: where configuration, logs and temporary files go.
        rest_port: where jobs are submitted.
        rpc_port: where the task managers find the job manager.
        pool_port: of the worker pool.
        task_managers: how many.
        slots: of each task manager.
    """

    home: Path
    folder: Path
    rest_port: int
    rpc_port: int
    pool_port: int
    task_managers: int = 2
    slots: int = 2

    @property
    def conf(self) -> Path:
        """The folder of Flink's configuration."""
        return self.folder / "conf"


def write_config(plan: ClusterPlan) -> None:
    """Writes Flink's configuration: every port on loopback only, and a restart strategy."""
    for folder in (plan.conf, plan.folder / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key}: {json.dumps(value)}" for key, value in _settings(plan).items()]
    (plan.conf / "config.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (plan.conf / "log4j.properties").write_text(LOG4J, encoding="utf-8")


def _settings(plan: ClusterPlan) -> dict[str, str | int | bool]:
    """Returns Flink's settings by their names."""
    return {
        "jobmanager.rpc.address": HOST,
        "jobmanager.rpc.port": plan.rpc_port,
        "jobmanager.bind-host": HOST,
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": plan.rest_port,
        "taskmanager.host": HOST,
        "taskmanager.bind-host": HOST,
        "taskmanager.numberOfTaskSlots": plan.slots,
        # A job of two slots uses both task managers.
        "taskmanager.load-balance.mode": "SLOTS",
        "jobmanager.memory.process.size": "1024m",
        "taskmanager.memory.process.size": "1536m",
        # References are small: nothing that ferbeam sorts or shuffles needs memory of its own.
        "taskmanager.memory.managed.fraction": "0.2",
        "io.tmp.dirs": str(plan.folder / "tmp"),
        "web.submit.enable": False,
        # A task manager or worker that dies: the job begins again, and committed spans are found.
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 12,
        "restart-strategy.fixed-delay.delay": "5 s",
        "heartbeat.interval": 2000,
        "heartbeat.timeout": 20000,
    }


def job_manager_command(plan: ClusterPlan) -> list[str]:
    """Returns the command of the job manager."""
    return _command(plan, JOB_MANAGER, "GET_JM_RESOURCE_PARAMS")


def task_manager_command(plan: ClusterPlan) -> list[str]:
    """Returns the command of a task manager."""
    return _command(plan, TASK_MANAGER, "GET_TM_RESOURCE_PARAMS")


def _command(plan: ClusterPlan, entry: str, memory: str) -> list[str]:
    """Returns the command of an entry point, with the memory that Flink derives for it."""
    java, conf = find_java(), str(plan.conf)
    flags, dynamic = _memory_arguments(plan, java, memory)
    log = f"-Dlog4j.configurationFile={(plan.conf / 'log4j.properties').as_uri()}"
    jars = _jars(plan.home, "lib/flink-dist-*.jar", "lib/log4j-*.jar")
    return [java, *flags, log, *JAVA_FLAGS, "-cp", jars, entry, "--configDir", conf, *dynamic]


def _memory_arguments(plan: ClusterPlan, java: str, what: str) -> tuple[list[str], list[str]]:
    """Asks Flink for the flags of the Java machine and the settings that go with them."""
    jars = _jars(plan.home, "bin/bash-java-utils.jar", "lib/flink-dist-*.jar")
    command = [java, "-cp", jars, MEMORY, what, "--configDir", str(plan.conf)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    found = [line.partition(MEMORY_PREFIX)[2] for line in lines if MEMORY_PREFIX in line]
    if done.returncode != 0 or len(found) != 2:
        why = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise FerError(f"flink: the memory of its parts cannot be computed: {why}")
    return found[0].split(), found[1].split()


def _jars(home: Path, *patterns: str) -> str:
    """Returns the class path of the jars that match."""
    jars = [path for pattern in patterns for path in sorted(home.glob(pattern))]
    if len(jars) < len(patterns):
        raise UsageError(f"flink: {home} holds no {', '.join(patterns)}; `make flink-up` installs")
    return os.pathsep.join(map(str, jars))
