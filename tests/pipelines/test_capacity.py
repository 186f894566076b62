"""How many workers fit: by the CPUs and the memory that a process may use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ferbeam.runners import capacity
from ferbeam.runners.capacity import (
    WORKER_BYTES,
    describe_excess,
    fitting_workers,
    free_memory,
    usable_cpus,
)

GROUP = "a.slice/b.scope"
V2 = f"0::/{GROUP}\n"
V1 = f"5:memory:/{GROUP}\n3:cpu,cpuacct:/{GROUP}\n1:name=systemd:/{GROUP}\n0::/{GROUP}\n"


@pytest.fixture
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def machine(root: Path, groups: str, files: dict[str, str], free: int = 64 << 30) -> Path:
    """Draws `proc` and `sys` of a machine with so much memory."""
    told = {"proc/meminfo": f"MemTotal: 1 kB\nMemAvailable:   {free >> 10} kB\n"}
    told["proc/self/cgroup"] = groups
    told |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in told.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "cpus"),
    [
        ("", {}, 8),
        (V2, {f"{GROUP}/cpu.max": "max 100000\n"}, 8),
        (V2, {f"{GROUP}/cpu.max": "300000 100000\n"}, 3),
        (V2, {f"{GROUP}/cpu.max": "150000 100000\n"}, 2),
        (V2, {f"{GROUP}/cpu.max": "10000 100000\n"}, 1),
        (V2, {f"{GROUP}/cpu.max": "max 1000\n", "a.slice/cpu.max": "4000 1000\n"}, 4),
        (V2, {"cpu.max": "200000 100000\n"}, 2),  # as within a container
        (V1, {f"cpu/{GROUP}/cpu.cfs_quota_us": "-1\n"}, 8),
        (V1, {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
    ],
)
@pytest.mark.usefixtures("eight_cpus")
def test_cpus_of_a_control_group(
    tmp_path: Path, groups: str, files: dict[str, str], cpus: int
) -> None:
    assert usable_cpus(machine(tmp_path, groups, files)) == cpus


@pytest.mark.parametrize(
    ("groups", "files", "free"),
    [
        ("", {}, 64 << 30),
        (V2, {f"{GROUP}/memory.max": "max\n", f"{GROUP}/memory.current": "5\n"}, 64 << 30),
        (
            V2,
            {
                f"{GROUP}/memory.max": f"{2 << 30}\n",
                f"{GROUP}/memory.current": f"{1 << 30}\n",
                f"{GROUP}/memory.stat": f"anon 5\ninactive_file {1 << 29}\n",
            },
            3 << 29,
        ),
        (
            V1,
            {
                "memory/memory.limit_in_bytes": f"{2 << 30}\n",
                "memory/memory.usage_in_bytes": f"{1 << 30}\n",
            },
            1 << 30,
        ),
    ],
)
def test_memory_of_a_control_group(
    tmp_path: Path, groups: str, files: dict[str, str], free: int
) -> None:
    assert free_memory(machine(tmp_path, groups, files)) == free


@pytest.mark.usefixtures("eight_cpus")
def test_workers_are_as_many_as_have_a_cpu_and_memory(tmp_path: Path) -> None:
    assert fitting_workers(machine(tmp_path, "", {}, 3 * WORKER_BYTES)) == 3
    assert fitting_workers(machine(tmp_path, "", {}, 1)) == 1
    assert fitting_workers(machine(tmp_path, "", {}, 99 * WORKER_BYTES)) == 8
    assert fitting_workers(tmp_path / "unknown") == 8


@pytest.mark.usefixtures("eight_cpus")
def test_more_workers_than_fit_are_told_of(tmp_path: Path) -> None:
    roomy = machine(tmp_path, "", {}, 100 * WORKER_BYTES)
    assert describe_excess(8, roomy) is None
    assert describe_excess(9, roomy) == (
        "--workers 9: more than the 8 usable CPUs, which makes nothing faster"
    )
    assert describe_excess(40, machine(tmp_path, "", {}, 4 * WORKER_BYTES)) == (
        "--workers 40: may take 21.0 GB of memory, 2.1 GB are free; 4 would be right"
    )
    assert describe_excess(1, machine(tmp_path, "", {}, 1)) is None


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has taskset")
def test_a_process_kept_to_one_cpu_has_one_worker() -> None:
    cpu = min(os.sched_getaffinity(0))
    code = f"from {capacity.__name__} import fitting_workers; print(fitting_workers())"
    done = subprocess.run(
        ["taskset", "-c", str(cpu), sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout == "1\n", done.stderr
