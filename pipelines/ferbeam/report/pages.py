"""Turns what was read into pages: fills the templates, and writes the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from fer_core.emotions import EMOTIONS, NAMES, Emotion, emotion_named
from ferbeam.output.copy_sums import is_copy, read_sums
from ferbeam.output.folder import Output
from ferbeam.output.report_mark import MARK, mark_of
from ferbeam.output.run_file import Run
from ferbeam.query.clear import LeftOut
from ferbeam.report.assets import load_assets
from ferbeam.report.failure_words import break_not, in_french
from ferbeam.report.figures import show_count, show_moment, show_percent, show_share, show_time
from ferbeam.report.words import LIMITS, STAGE_WORDS, WORDS
from ferbeam.text import printable

STACKED = tuple(EMOTIONS[index] for index in (3, 6, 4, 5, 2, 1, 0))
"""From left to right, or from below: what is positive, surprise, neutral, what is negative."""
EMOJI = '<span class="emoji emoji-{}" aria-hidden="true"></span>'
SCRIPT_WORDS = ("not_seen", "none_found", "shown_of")


def _breakable(name: str) -> Markup:
    """Returns a name escaped, that lines may break after its slashes."""
    return escape(printable(name)).replace("/", Markup("/<wbr>"))


Values = Mapping[str, Any]


@dataclass(frozen=True)
class Pages:
    """Writes the pages of one report.

    Attributes:
        output: where to.
        run: what `run.json` holds.
        lang: `en` or `fr`.
        title: what the report is called.
        version: of ferbeam.
        left_out: faces that are not seen well enough, where these are left out.
    """

    output: Output
    run: Run
    lang: str
    title: str
    version: str
    left_out: LeftOut | None = None

    def say(self, key: str, **values: object) -> str:
        """Returns words of the report in its language."""
        return self.choose(WORDS[key]).format(**values)

    def choose(self, words: tuple[str, str]) -> str:
        """Returns the words of two that are in the report's language."""
        return words[0] if self.lang == "en" else break_not(words[1])

    def name_of(self, emotion: Emotion) -> str:
        """Returns the name of an emotion in the report's language."""
        return emotion.french if self.lang == "fr" else emotion.name

    def said_of(self, measure: str) -> str:
        """Returns the name of an emotion, or of what is positive or negative."""
        return self.name_of(emotion_named(measure)) if measure in NAMES else self.say(measure)

    def p_value(self, p: float) -> str:
        """Returns a probability with three decimals."""
        text = f"{p:.3f}" if p >= 0.001 else "<0.001"
        return text.replace(".", ",") if self.lang == "fr" else text

    def reason(self, medium: str, message: str) -> str:
        """Returns the reason of a failure in the report's language."""
        return printable(in_french(medium, message) if self.lang == "fr" else message)

    def count(self, number: int) -> str:
        """Returns a whole number as the report's language writes it."""
        return show_count(number, self.lang)

    @cached_property
    def covered(self) -> bool:
        """Whether all copies that are there are known to cover the faces."""
        if (self.run.render or {}).get("overlay") != "cover":
            return False
        told = read_sums(self.output, self.run)
        there = (each for each in told if self.output.exists(self.output.path(each[0])))
        return all(is_copy(self.output, *each) for each in there)

    def write(self, path: str, template: str, data: Values, values: Values) -> int:
        """Writes a page below OUTPUT; returns its size in bytes.

        Args:
            path: below OUTPUT.
            template: its file name.
            data: what the scripts of the page need, plain values.
            values: what the template needs.
        """
        whole = {**self._script_data, **data}
        page = self._environment.get_template(template).render({**values, "data": whole}).encode()
        self.output.write(self.output.path(path), page)
        return len(page)

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
        )
        # As short as the pages of thousands of media should be.
        environment.policies["json.dumps_function"] = partial(
            json.dumps, ensure_ascii=False, separators=(",", ":")
        )
        environment.policies["json.dumps_kwargs"] = {}
        environment.globals.update(self._globals())
        return environment

    def _tell_left_out(self) -> list[str]:
        """Returns what the page says of faces that it leaves out; nothing where it does not."""
        if self.left_out is None:
            return []
        share = show_share(self.left_out.left_out / max(1, self.left_out.faces))
        counts = {name: self.count(value) for name, value in self.left_out._asdict().items()}
        return [self.say("only_clear", share=share, **counts)]

    def _globals(self) -> dict[str, Any]:
        """Returns what all templates know."""
        assets = load_assets()
        return {
            "lang": self.lang,
            "title": self.title,
            "version": self.version,
            "covered": self.covered,
            "mark": Markup(MARK.format(mark_of(self.run))),
            "policy": Markup(assets.policy),
            "style": Markup(assets.style),
            "script": Markup(assets.script),
            "t": self.say,
            "name_of": self.name_of,
            "stage": lambda name: self.choose(STAGE_WORDS.get(name, (name, name))),
            "said_of": self.said_of,
            "percent": show_percent,
            "p_value": self.p_value,
            "count": self.count,
            "share": show_share,
            "clock": show_time,
            "moment": partial(show_moment, lang=self.lang),
            "breakable": _breakable,
            "printable": printable,
            "reason": self.reason,
            "emotions": EMOTIONS,
            "stacked": STACKED,
            "emoji": {one.name: Markup(EMOJI).format(one.name) for one in EMOTIONS},
            "limits": [*self._tell_left_out(), *(self.choose(limit) for limit in LIMITS)],
        }

    @cached_property
    def _script_data(self) -> dict[str, Any]:
        words = {key: self.choose(WORDS[key]) for key in SCRIPT_WORDS}
        return {
            "words": {**words, "point": "," if self.lang == "fr" else "."},
            "stacked": [emotion.index for emotion in STACKED],
            "emotions": [
                {"name": emotion.name, "label": self.name_of(emotion), "colour": emotion.colour}
                for emotion in EMOTIONS
            ],
        }
