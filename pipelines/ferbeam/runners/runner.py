"""Which Beam runner a job goes to, and with which options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fer_core.errors import UsageError
from ferbeam.runners.beam_options import option_value
from ferbeam.runners.capacity import describe_excess

LOCAL = "local"

REFUSED = {
    "daskrunner": "it silently loses the output of finish_bundle and mixes tagged outputs",
    "directrunner": "it tries to download another runner first; use `--runner local`",
}


def check_runner(name: str, extra: Sequence[str] = ()) -> None:
    """Refuses the runners that are known to give wrong results, by any name that Beam takes.

    Args:
        name: `local`, or a Beam runner.
        extra: the user's own Beam options, which may name another.

    Raises:
        UsageError: with the reason.
    """
    if any(option.endswith("multi_threading") for option in extra):
        raise UsageError("multi_threading: refused, it silently loses elements")
    for each in (name, option_value(extra, "runner") or ""):
        short = each.rpartition(".")[2].lower()
        reason = REFUSED.get(short) or REFUSED.get(short + "runner")
        if reason:
            raise UsageError(f"runner {each}: refused, {reason}")


@dataclass(frozen=True)
class Runner:
    """Where a job runs.

    Attributes:
        name: `local`, or a Beam runner.
        workers: worker processes of the local runner, at most.
        extra: the user's own Beam options.
    """

    name: str
    workers: int
    extra: tuple[str, ...] = ()

    def used_workers(self, parts: int | None) -> int | None:
        """Returns the number of workers for work in so many parts, None if the runner decides.

        Args:
            parts: into how many parts the work can be cut, None where that is not known yet. More
                local workers would have nothing to do.
        """
        if self.name != LOCAL or any(
            own.startswith(("--direct", "--runner")) for own in self.extra
        ):
            return None
        return self.workers if parts is None else max(1, min(self.workers, parts))

    def describe_excess(self, parts: int | None) -> str | None:
        """Returns what speaks against so many local workers, None if nothing does."""
        used = self.used_workers(parts)
        return None if used is None else describe_excess(used)

    def options(self, parts: int | None) -> list[str]:
        """Returns the command line of Beam options for work in so many parts; see `used_workers`.

        The user's own come last. A single local worker needs no process of its own.
        """
        if self.name == "flink":
            from ferbeam.runners.flink import flink_options

            return flink_options(self.extra)
        if self.name != LOCAL:
            named = {"dataflow": "DataflowRunner"}
            return [f"--runner={named.get(self.name, self.name)}", *self.extra]
        workers = self.used_workers(parts) or self.workers
        mode = "in_memory" if workers == 1 else "multi_processing"
        own = [f"--direct_num_workers={workers}", f"--direct_running_mode={mode}"]
        return ["--runner=FnApiRunner", *own, *self.extra]


def choose_runner(
    name: str, workers: int, beam_options: Sequence[str], places: Mapping[str, str]
) -> Runner:
    """Returns a runner with what it needs beyond the user's own Beam options.

    Args:
        name: `local`, or a Beam runner.
        workers: worker processes of the local runner, at most.
        beam_options: the user's own.
        places: what is read, then where results go, by their names in the help.

    Raises:
        UsageError: it is known to give wrong results, or something that it needs is missing.
    """
    from ferbeam.runners import dataflow

    check_runner(name, beam_options)
    if name.lower() not in dataflow.NAMES:
        return Runner(name, workers, tuple(beam_options))
    completed = dataflow.complete_options(places, beam_options)
    dataflow.check_installed()
    return Runner(name, workers, completed)
