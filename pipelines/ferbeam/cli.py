"""The command `ferbeam`. Every command imports what it needs when it runs."""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from fer_core.errors import FerError, FerWarning
from ferbeam.commands.agree import agree
from ferbeam.commands.analyze import analyze
from ferbeam.commands.exit_codes import DONE, USAGE, exit_code_of
from ferbeam.commands.failures import failures
from ferbeam.commands.live import live
from ferbeam.commands.profile import profile
from ferbeam.commands.query import export, query, viewers
from ferbeam.commands.report import report
from ferbeam.commands.training import evaluate, prepare, train
from ferbeam.commands.verify import verify
from ferbeam.guard.fresh_python import fresh_python
from ferbeam.guard.left_out import leave_out
from ferbeam.masking import mask_urls
from ferbeam.text import printable, replace_unknown

INTERRUPTED = "interrupted; run the same command again: analyze and train go on where they stopped"


class _Commands(click.Group):
    """The commands, whose words may begin with `~` though no shell has replaced it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts in the home folder, for words as for `--name=~/...`; not behind `--`."""
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [*map(_expand_home, args[:end]), *args[end:]])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands by what they are for, each in a line that a narrow terminal has."""
        for purpose, commands in COMMANDS.items():
            with formatter.section(purpose):
                formatter.write_dl([(str(each.name), tells) for each, tells in commands.items()])


def _expand_home(word: str) -> str:
    name, sign, value = word.partition("=")
    if name.startswith("--") and sign:
        return name + sign + os.path.expanduser(value)
    return os.path.expanduser(word)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ferbeam")
def cli() -> None:
    """Writes down the facial expression of every face in folders of pictures and videos."""


COMMANDS = {
    "From media to answers": {
        analyze: "Writes tables and annotated copies of media.",
        report: "Writes a page with charts of a run.",
        export: "Writes a table for Excel, R, SPSS, ELAN, ...",
        query: "Asks the tables in SQL.",
        viewers: "Lists who watched in which video, to fill in.",
        agree: "Compares a run with what people coded.",
        live: "Shows the webcam's faces, as they change.",
    },
    "About a run": {
        failures: "Tells what could not be read, and the way out.",
        verify: "Checks that an OUTPUT is whole.",
        profile: "Tells where the time of a run went.",
    },
    "A model of your own": {
        prepare: "Makes DATA out of labelled pictures.",
        train: "Trains a network on DATA.",
        evaluate: "Measures a network.",
    },
}
"""By what they are for: the commands, and what the list of them says."""
for _named in COMMANDS.values():
    for _command in _named:
        cli.add_command(_command)


def _fail(message: str, code: int) -> NoReturn:
    """Prints one clear line and ends."""
    click.echo(f"ferbeam: {printable(mask_urls(message))}", err=True)
    sys.exit(code)


def _print_warnings() -> None:
    """Prints what ferbeam warns of as one line each; other warnings as Python does."""
    others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if issubclass(category, FerWarning):
            click.echo(f"ferbeam: warning: {printable(mask_urls(str(message)))}", err=True)
        else:
            others(message, category, *where)

    warnings.simplefilter("always", FerWarning)
    warnings.showwarning = show  # type: ignore[assignment]


def _take_names_as_utf8() -> None:
    """Starts the command anew where Python reads names by another encoding than UTF-8.

    Names are bytes; the tables show them as UTF-8, whatever the locale of who analyses them.
    """
    if sys.getfilesystemencoding().lower() == "utf-8":
        return
    environment = {**os.environ, "PYTHONUTF8": "1"}
    if sys.stdout.isatty():
        environment.setdefault("PYTHONIOENCODING", f"{sys.stdout.encoding}:replace")
    words = [*fresh_python("ferbeam.cli"), *sys.argv[1:]]
    os.execve(sys.executable, [os.fsencode(word) for word in words], environment)


def main(args: Sequence[str] | None = None) -> None:
    """Runs the command line, that of this process or another; then the process goes on."""
    if args is not None:
        _run(args)
        return
    _take_names_as_utf8()
    leave_out("pandas")
    code: Any = DONE
    try:
        _run(None)
    except SystemExit as end:
        code = end.code
    with suppress(OSError):
        sys.stderr.flush()
    # At once: Arrow, OpenBLAS and OpenCV have threads of their own, beside which Python takes
    # itself apart. Arrow's were seen to abort one process in a hundred then, and a run ended in
    # SIGSEGV.
    os._exit(code)


def _run(args: Sequence[str] | None) -> None:
    """Runs a command line; errors become one line, never a traceback."""
    # So that `kill` ends a run as an interrupt does: with nothing left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # else nohup keeps it going
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    replace_unknown()
    try:
        with warnings.catch_warnings():
            _print_warnings()
            try:
                cli.main(args=args, standalone_mode=False)
            finally:
                sys.stdout.flush()
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        click.echo("\n".join(map(printable, told.getvalue().splitlines())), err=True)
        sys.exit(USAGE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _fail(INTERRUPTED, exit_code_of(KeyboardInterrupt()))
    except (FerError, OSError) as error:
        _fail(str(error), exit_code_of(error))


if __name__ == "__main__":
    main()
