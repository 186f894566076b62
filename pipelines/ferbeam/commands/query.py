"""The commands `query` and `export`: from the tables of a finished run to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ferbeam.commands.options import lang_option, study_options
from ferbeam.commands.words import Command
from ferbeam.text import printable

FORMATS = ("table", "csv", "tsv", "xlsx", "json", "parquet", "arrow")


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
@click.argument("sql", metavar="[SQL]", default="")
@study_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS, case_sensitive=False),
    help="How the answer is written; by the ending of --to, else a table.",
)
@click.option("--to", "path", metavar="FILE", help="Where the answer goes; else it is printed.")
def query(output_path: str, sql: str, form: str | None, path: str | None, **study: Any) -> None:
    """Asks the tables of OUTPUT in SQL; without SQL, shows what can be asked.

    The tables are faces, frames, media and failures; the views made of them begin with people,
    per_second and viewer_seconds. A query can read nothing else, and write nothing.
    """
    from ferbeam.output.folder import Output
    from ferbeam.query.answers import choose_format, print_views, write_answer
    from ferbeam.query.main_person import warn_of_main
    from ferbeam.query.study import Study
    from ferbeam.query.tables import open_tables

    output = Output(output_path)
    form = choose_format(form, path, output)
    with open_tables(output, Study(**study)) as tables:
        if sql:
            warn_of_main(tables, sql)
            write_answer(tables, sql, form, path)
        else:
            print_views(tables)


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
@click.argument("path", metavar="FILE")
@click.option("--view", help="The table or view to write; without it faces.")
@study_options
@click.option(
    "--media",
    metavar="NAME",
    multiple=True,
    help="Only this video, into .eaf, .boris or .vtt; may be given several times.",
)
@lang_option("the names in .eaf, .boris and .vtt")
def export(
    output_path: str, path: str, view: str | None, media: Sequence[str], lang: str, **study: Any
) -> None:
    """Writes a table of OUTPUT, or a view, to FILE, whose ending says how.

    Tables: .csv .tsv .xlsx .json .parquet .arrow. Expressions over time, for other programs:
    .eaf (ELAN), .boris (BORIS), .vtt (subtitles). FILE may be a URI. A quoted '*' in its name
    stands for the name of each video: 'OUTPUT/annotated/*.vtt' lies beside the copies.
    """
    from ferbeam.output.folder import Output
    from ferbeam.query.export import Export, export_run
    from ferbeam.query.study import Study

    files = export_run(Output(output_path), Export(path, view, media, lang, Study(**study)))
    click.echo("\n".join(map(printable, files)))


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
def viewers(output_path: str) -> None:
    """Prints the list of viewers that OUTPUT remembers, else one to fill in, as CSV.

    Save it with `> viewers.csv`, say in a spreadsheet who watched in each video, in which group,
    and at which millisecond of the video the stimulus begins; then give it with --viewers once.
    """
    from ferbeam.output.folder import Output
    from ferbeam.query.tables import write_viewers

    click.echo(write_viewers(Output(output_path)), nl=False)
