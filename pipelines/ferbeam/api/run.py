"""`ferbeam.Run`: a finished OUTPUT, and what can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fer_core.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from ferbeam.agreement.compare import Agreement
    from ferbeam.output.folder import Output
    from ferbeam.output.run_file import Run as RunFile
    from ferbeam.query.study import Study
    from ferbeam.verify.findings import Finding

AnyPath = str | os.PathLike[str]


class Run:
    """A finished OUTPUT, local or on a store, as `analyze` and `open_output` return it.

    The tables are read when they are first asked for, and kept.

    Attributes:
        output: path or URI of OUTPUT.
        facts: what `run.json` holds: command, settings, versions, counts, seconds.
    """

    def __init__(self, output: str, facts: RunFile) -> None:
        self.output = output
        self.facts = facts

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={count}" for name, count in self.facts.rows.items())
        return f"<ferbeam.Run {self.output!r}: {counts}>"

    @cached_property
    def faces(self) -> pa.Table:
        """The table `faces`: a row for each face in a sampled frame."""
        return self._read("faces")

    @cached_property
    def frames(self) -> pa.Table:
        """The table `frames`: a row for each picture and sampled frame."""
        return self._read("frames")

    @cached_property
    def media(self) -> pa.Table:
        """The table `media`: a row for each picture and video that opened."""
        return self._read("media")

    @cached_property
    def failures(self) -> pa.Table:
        """The table `failures`: a row for each thing that could not be read or done, and why."""
        return self._read("failures")

    def query(
        self,
        sql: str,
        viewers: AnyPath | None = None,
        markers: AnyPath | None = None,
        baseline_ms: tuple[int, int] | None = None,
        corrections: AnyPath | None = None,
        only_clear: bool = False,
    ) -> pa.Table:
        """Asks the tables in SQL, as `ferbeam query` does.

        Args:
            sql: of DuckDB; it reads the tables and views of this OUTPUT, and nothing else.
            viewers: CSV file with the column media, and offset_ms, viewer, viewer_group, rest; None
                for the one that OUTPUT remembers.
            markers: CSV file with the columns name, start_ms, end_ms and condition; None likewise.
            baseline_ms: when the faces of every video are at rest, for the view `calibrated`.
            corrections: CSV file with the columns media, person_id, name and excluded, as the
                report's page saves it; None likewise.
            only_clear: whether the views leave out faces that are turned away or blurred.

        Returns:
            The answer as an Arrow table.

        Raises:
            UsageError: DuckDB refuses the query, or the viewers do not fit; with the reason.
        """
        from ferbeam.query.answers import read_answer
        from ferbeam.query.main_person import warn_of_main
        from ferbeam.query.tables import open_tables

        study = _study_of(viewers, markers, corrections, baseline_ms, only_clear)
        with open_tables(self._folder(), study) as tables:
            warn_of_main(tables, sql)
            return read_answer(tables, sql)

    def export(
        self,
        path: str | os.PathLike[str],
        view: str | None = None,
        *,
        media: Sequence[str] = (),
        viewers: AnyPath | None = None,
        markers: AnyPath | None = None,
        baseline_ms: tuple[int, int] | None = None,
        corrections: AnyPath | None = None,
        only_clear: bool = False,
        lang: Literal["en", "fr"] = "en",
    ) -> list[str]:
        """Writes a table or view to a file, as `ferbeam export` does.

        Args:
            path: file or URI; its ending says how: `.csv`, `.tsv`, `.xlsx`, `.json`, `.parquet`,
                `.arrow`; `.eaf`, `.boris`, `.vtt` for expressions over time, where `*` stands for
                the name of each video.
            view: table or view; None for `faces`.
            media: the only videos, for expressions over time.
            viewers: as of `query`.
            markers: as of `query`.
            baseline_ms: as of `query`.
            corrections: as of `query`.
            only_clear: as of `query`.
            lang: of the names in `.eaf`, `.boris` and `.vtt`.

        Returns:
            The files.

        Raises:
            UsageError: the ending is not known, or something does not fit; with the reason.
        """
        from ferbeam.query.export import Export, export_run

        study = _study_of(viewers, markers, corrections, baseline_ms, only_clear)
        export = Export(os.fspath(path), view, media, lang, study)
        return export_run(self._folder(), export)

    def verify(self, since: str | None = None) -> list[Finding]:
        """Checks every sum, file and copy, as `ferbeam verify` does.

        Args:
            since: a `run_id`: only copies of media that this run, or one begun later, has analysed
                are opened. None for all.

        Returns:
            What is wrong, by kind; nothing where OUTPUT is whole. `line()` puts each into words.
        """
        from ferbeam.verify.verify_output import verify_output

        return verify_output(self._folder(), since).findings

    def agree(
        self,
        codes: str | os.PathLike[str],
        *,
        step_ms: int = 100,
        tolerance_ms: int = 500,
        lang: Literal["en", "fr"] = "en",
    ) -> Agreement:
        """Compares the run with what people coded, as `ferbeam agree` does, and writes its page.

        Args:
            codes: file or folder: CSV, exports or a project of BORIS, documents of ELAN.
            step_ms: length of the steps of time that are compared.
            tolerance_ms: by which events may miss each other.
            lang: language of the page.

        Returns:
            Its figures, `table()` puts them into a table; the worst moments; what was left out.

        Raises:
            UsageError: the codes do not fit; with the reason.
        """
        from ferbeam.agreement.agree import agree_with
        from ferbeam.agreement.compare import How

        return agree_with(self._folder(), Path(codes), How(step_ms, tolerance_ms), lang)

    def report(
        self,
        lang: Literal["en", "fr"] = "en",
        viewers: AnyPath | None = None,
        markers: AnyPath | None = None,
        corrections: AnyPath | None = None,
        only_clear: bool = False,
    ) -> str:
        """Writes the report into OUTPUT; returns the path or URI of the page to open.

        Args:
            lang: language of the page.
            viewers: as of `query`.
            markers: as of `query`.
            corrections: as of `query`.
            only_clear: as of `query`; the page says how many are left out.

        Raises:
            UsageError: the viewers do not fit.
            SettingsError: another command writes into OUTPUT.
        """
        from ferbeam.report.build import write_report

        study = _study_of(viewers, markers, corrections, None, only_clear)
        return write_report(self._folder(), lang, study).path

    def _read(self, name: str) -> pa.Table:
        from ferbeam.output.damage import DamageError
        from ferbeam.output.read_tables import read_tables
        from ferbeam.output.run_file import load_run

        folder = self._folder()
        try:
            return read_tables(folder, self.facts, name)
        except DamageError:
            if load_run(folder) == self.facts:
                raise
            raise UsageError(
                f"OUTPUT {self.output}: other runs took the place of this one since it was opened; "
                "open it again"
            ) from None

    def _folder(self) -> Output:
        from ferbeam.output.folder import Output

        return Output(self.output)


def _study_of(
    viewers: AnyPath | None,
    markers: AnyPath | None,
    corrections: AnyPath | None,
    baseline_ms: tuple[int, int] | None,
    only_clear: bool,
) -> Study:
    from ferbeam.query.study import Study

    given = (viewers, markers, corrections)
    who, what, mended = (None if path is None else Path(path) for path in given)
    return Study(who, what, mended, baseline_ms, only_clear)


def open_output(path: str | os.PathLike[str]) -> Run:
    """Opens a finished OUTPUT, by its path or URI.

    Raises:
        UsageError: it holds no finished run.
    """
    from ferbeam.output.folder import Output
    from ferbeam.output.run_file import load_run

    return Run(os.fspath(path), load_run(Output(os.fspath(path))))
