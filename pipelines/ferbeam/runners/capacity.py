"""How many workers this machine holds: the CPUs and the memory that this process may use.

A container or a batch system gives less than the machine has: by affinity (sched_setaffinity(2)),
or by the quota of a control group, of version 2 (kernel.org, admin-guide/cgroup-v2) or 1.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

WORKER_BYTES = 500 << 20
"""What a worker may take, at most, with media of usual size."""

ROOT = Path("/")


def usable_cpus(root: Path = ROOT) -> int:
    """Returns on how many CPUs this process may run, at least 1.

    Args:
        root: below which `proc` and `sys` lie.
    """
    allowed = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    cpus = len(allowed(0)) if allowed else os.cpu_count() or 1
    return max(1, min([cpus, *(math.ceil(quota) for quota in _quotas(root))]))


def free_memory(root: Path = ROOT) -> int | None:
    """Returns how many bytes this process and its children may still take, None if unknown.

    Args:
        root: below which `proc` and `sys` lie.
    """
    told = _read(root / "proc/meminfo").partition("MemAvailable:")[2].split()
    machine = [int(told[0]) << 10] if told else []
    return min([*machine, *_left_of_limits(root)], default=None)


def fitting_workers(root: Path = ROOT) -> int:
    """Returns how many workers have a CPU, and memory, at least 1."""
    memory = free_memory(root)
    cpus = usable_cpus(root)
    return cpus if memory is None else max(1, min(cpus, memory // WORKER_BYTES))


def describe_excess(workers: int, root: Path = ROOT) -> str | None:
    """Returns what speaks against so many workers, None if nothing does."""
    cpus, memory = usable_cpus(root), free_memory(root)
    if memory is not None and workers > 1 and workers * WORKER_BYTES > memory:
        return (
            f"--workers {workers}: may take {workers * WORKER_BYTES / 1e9:.1f} GB of memory, "
            f"{memory / 1e9:.1f} GB are free; {fitting_workers(root)} would be right"
        )
    if workers > cpus:
        return f"--workers {workers}: more than the {cpus} usable CPUs, which makes nothing faster"
    return None


def _quotas(root: Path) -> Iterator[float]:
    """Yields the limits that control groups set, in CPUs."""
    for folder in _groups(root, ""):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if quota.isdecimal():
            yield int(quota) / int(period)
    for folder in _groups(root, "cpu"):
        quota = _read(folder / "cpu.cfs_quota_us").strip()
        if quota.isdecimal():  # -1 where there is none
            yield int(quota) / int(_read(folder / "cpu.cfs_period_us"))


def _left_of_limits(root: Path) -> Iterator[int]:
    """Yields what is left of the limits that control groups set, in bytes."""
    names = {"": ("memory.max", "memory.current", "inactive_file")}
    names["memory"] = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    for controller, (limit_name, used_name, cache_name) in names.items():
        for folder in _groups(root, controller):
            limit, used = _read(folder / limit_name).strip(), _read(folder / used_name).strip()
            if limit.isdecimal() and used.isdecimal():
                words = _read(folder / "memory.stat").split()
                # What files have left in memory counts as used, and goes as soon as it is wanted.
                cache = dict(zip(words[::2], words[1::2], strict=False)).get(cache_name, "0")
                yield max(0, int(limit) - int(used) + int(cache))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yields the folders of the control groups that this process is in, the innermost first.

    Args:
        root: below which `proc` and `sys` lie.
        controller: of version 1, empty for version 2.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / controller
            group = top / path.lstrip("/")
            # Within a container the path may be that of the machine outside: then only the top is.
            yield from [folder for folder in (group, *group.parents) if folder.is_relative_to(top)]


def _read(path: Path) -> str:
    """Returns the text of a file, empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
