"""The report of an evaluation: Markdown made from `metrics.json` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fer_core.emotions import NAMES
from fer_core.learn import whole_pictures
from fer_core.learn.intervals import RESAMPLES
from fer_core.learn.measuring import KEYS, Metrics

SUBJECTS = {
    "all": "all",
    "without_copies": "without copies of training pictures",
    "without_near_copies": "without near copies, too",
}
LABELS = {"ferplus": "FER+ seven-class majority", "fer2013": "single label (FER2013)"}
PRIOR_FIGURES = ("accuracy", "macro_f1", "ece")
MOST_SKIPPED_LISTED = 100


@dataclass(frozen=True)
class EvaluationFacts:
    """What was measured on what.

    Attributes:
        model: the model's name.
        model_sha256: hash of the file that ran.
        engine: `litert` or `tensorflow`.
        part: `valid` or `test`.
        pictures: how many could be read.
        copies: how many are identical to a training picture, None where that is not known.
        near_copies: how many are one cropped, saved or mirrored anew, those left out.
        skipped: one line for each picture that could not be read.
        priors: how often emotions were expected, by name; the first for the labelled faces.
        sets: names of the folders of whole pictures.
    """

    model: str
    model_sha256: str
    engine: str
    part: str
    pictures: int = 0
    copies: int | None = None
    near_copies: int | None = None
    skipped: tuple[str, ...] = ()
    priors: tuple[str, ...] = ("learnt",)
    sets: tuple[str, ...] = ()


def stated(metrics: Metrics, key: str, digits: int = 3) -> str:
    """Returns a figure with its interval where it has one, a dash where it was not measured."""
    if key not in metrics:
        return "–"
    text = f"{metrics[key]:.{digits}f}"
    if f"{key}_low" in metrics:
        text += f" ({metrics[f'{key}_low']:.{digits}f}–{metrics[f'{key}_high']:.{digits}f})"
    return text


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(header)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _count(metrics: Metrics, key: str) -> str:
    return f"{int(metrics[key]):,}" if key in metrics else "–"


def best_subject(metrics: Metrics) -> str:
    """Returns the pictures to quote: those without copies where copies are known."""
    known = any(key.startswith("without_copies.") for key in metrics)
    return "without_copies" if known else "all"


def best_labels(metrics: Metrics) -> str:
    """Returns the labels to quote: the votes' majority where there is one."""
    return "ferplus" if "all.ferplus.accuracy" in metrics else "fer2013"


def _headline(metrics: Metrics) -> list[str]:
    """The figures of the whole, beside each other for all pictures, new ones and people."""
    rows = []
    for labels, title in LABELS.items():
        columns = [f"{subject}.{labels}" for subject in (*SUBJECTS, "human")]
        if f"all.{labels}.accuracy" not in metrics:
            continue
        rows.append([f"{title}: pictures", *(_count(metrics, f"{c}.pictures") for c in columns)])
        for figure, name in (
            ("accuracy", "accuracy"),
            ("macro_f1", "macro-F1"),
            ("ece", "expected calibration error"),
            ("ece_perfect", "the same of a perfect classifier"),
        ):
            cells = [stated(metrics, f"{column}.{figure}") for column in columns]
            rows.append([f"{title}: {name}", *cells])
    for figure, name in (
        ("calibration_error", "vote calibration error"),
        ("calibration_error_fitted_even", "the same of odd pictures, temperature from even ones"),
        ("calibration_error_fitted_odd", "the same of even pictures, temperature from odd ones"),
    ):
        cells = [stated(metrics, f"{subject}.votes.{figure}") for subject in SUBJECTS]
        rows.append([name, *cells, "–"])
    return _table(["", *SUBJECTS.values(), "one voter against the others"], rows)


def _emotions(metrics: Metrics, prefix: str) -> list[str]:
    rows = []
    for name in NAMES:
        figures = ("precision", "recall", "f1")
        counts = sum(metrics[f"{prefix}.confusion_{name}_as_{other}"] for other in NAMES)
        cells = [stated(metrics, f"{prefix}.{figure}_{name}") for figure in figures]
        human = stated(metrics, f"human.{prefix.partition('.')[2]}.f1_{name}")
        rows.append([name, f"{int(counts):,}", *cells, human])
    header = ["emotion", "pictures", "precision", "recall", "F1", "F1 of one voter"]
    return _table(header, rows)


def _confusion(metrics: Metrics, prefix: str) -> list[str]:
    rows = [
        [true, *(_count(metrics, f"{prefix}.confusion_{true}_as_{shown}") for shown in NAMES)]
        for true in NAMES
    ]
    return _table(["true, shown as", *NAMES], rows)


def _slices(metrics: Metrics) -> list[str]:
    rows = []
    for key in metrics:
        if not (key.startswith("slice.") and key.endswith(".pictures")):
            continue
        prefix = key.removesuffix(".pictures")
        name = prefix.split(".")[1].replace("_", " ")
        limits = f"{metrics[f'{prefix}.least']:.3g}–{metrics[f'{prefix}.most']:.3g}"
        figures = [stated(metrics, f"{prefix}.{figure}") for figure in ("accuracy", "macro_f1")]
        rows.append([name, limits, _count(metrics, key), *figures])
    return _table(["third", "limits", "pictures", "accuracy", "macro-F1"], rows)


def _worst_first(metrics: Metrics, prefix: str) -> str:
    """Tells the recall of each emotion of a set, the worst first."""
    start = f"{prefix}.recall_"
    recalls = [(metrics[key], key.removeprefix(start)) for key in metrics if key.startswith(start)]
    return ", ".join(f"{name} {value:.2f}" for value, name in sorted(recalls))


def _whole_pictures(metrics: Metrics, facts: EvaluationFacts) -> list[str]:
    """The figures of every set of whole pictures under every prior, the worst emotion first."""
    header = ["set", "pictures", "found", "prior", "right of found", "right of all", "macro-F1"]
    header += ["confidence", "calibration error", "recalls, worst first"]
    rows = []
    for name in facts.sets:
        prefix = f"pictures.{name}"
        counts = [_count(metrics, f"{prefix}.{key}") for key in ("pictures", "found")]
        for prior in facts.priors:
            own = f"{prefix}.{prior}"
            figures = ("accuracy", "accuracy_of_all", "macro_f1", "confidence", "ece")
            cells = [stated(metrics, f"{own}.{figure}") for figure in figures]
            rows.append([name, *counts, prior, *cells, _worst_first(metrics, own)])
    about = "Of several faces the largest counts; a picture without one is right in no column."
    return ["## Whole pictures", "", about, "", *_table(header, rows), ""]


def _priors(metrics: Metrics, facts: EvaluationFacts) -> list[str]:
    """The labelled faces where emotions are expected otherwise."""
    subject, labels = best_subject(metrics), best_labels(metrics)
    rows = [
        [prior, *(stated(metrics, f"prior.{prior}.{figure}") for figure in PRIOR_FIGURES)]
        for prior in facts.priors
    ]
    scope = f"{LABELS[labels]}, pictures: {SUBJECTS[subject]}."
    table = _table(["prior", "accuracy", "macro-F1", "calibration error"], rows)
    return ["## Priors", "", scope, "", *table, ""]


def _facts(facts: EvaluationFacts) -> list[str]:
    if not facts.pictures:
        return [f"- model: {facts.model}, engine {facts.engine}, sha256 `{facts.model_sha256}`"]
    copies = "not known (no train part)" if facts.copies is None else f"{facts.copies:,}"
    near = "" if facts.near_copies is None else f"; near copies of one: {facts.near_copies:,} more"
    return [
        f"- model: {facts.model}, engine {facts.engine}, sha256 `{facts.model_sha256}`",
        f"- data: part `{facts.part}`, {facts.pictures:,} pictures; "
        f"{len(facts.skipped):,} more could not be read",
        f"- pixel-identical to a training picture: {copies}{near}",
    ]


HOW_TO_READ = f"""\
In brackets: bootstrap 95 % intervals over the pictures ({RESAMPLES:,} draws, seeded). Those of \
calibration errors correct for what chance adds to such an error, so that they may lie below the \
figure. The expected calibration error is to be compared with that of a perfect classifier of the \
same accuracy, which chance alone does not let reach 0; a confidence that equals the share of the \
votes is lower than the share of majorities met, so that a model calibrated on votes does worse \
here. *One voter against the others*: each voter of each picture is judged by the majority of the \
other voters, where they have one; an answer outside the seven is wrong. If these pictures have \
chosen the model or its temperature, the figures are a little better than on others."""
ABOUT_SLICES = (
    "Sharpness is the variance of the Laplacian over that of the greys (low: blurred). Yaw and "
    "roll are the degrees by which heads are turned aside and lean, as the face check sees them. "
    "Face size, where the data give `box_width`, is the width of the face's box in pixels."
)


def write_markdown(metrics: Metrics, facts: EvaluationFacts) -> str:
    """Returns the report, Markdown, that lies beside `metrics.json` and the pictures."""
    lines = [f"# Evaluation of {facts.model}", "", *_facts(facts), ""]
    if facts.pictures:
        lines += _labelled_faces(metrics, facts)
    if facts.sets:
        lines += _whole_pictures(metrics, facts)
    keys = {**KEYS, **whole_pictures.KEYS}
    lines += ["## Keys of metrics.json", "", *(f"- `{key}`: {told}" for key, told in keys.items())]
    if facts.skipped:
        listed = facts.skipped[:MOST_SKIPPED_LISTED]
        lines += ["", "## Pictures that could not be read", "", *(f"- {line}" for line in listed)]
        if len(facts.skipped) > len(listed):
            lines.append(f"- and {len(facts.skipped) - len(listed):,} more")
    return "\n".join(lines) + "\n"


def _labelled_faces(metrics: Metrics, facts: EvaluationFacts) -> list[str]:
    subject, labels = best_subject(metrics), best_labels(metrics)
    prefix = f"{subject}.{labels}"
    scope = f"{LABELS[labels]}, pictures: {SUBJECTS[subject]}"
    return [
        *["## Figures", "", *_headline(metrics), "", HOW_TO_READ, ""],
        *_priors(metrics, facts),
        *["## Emotions", "", f"{scope}.", "", *_emotions(metrics, prefix), ""],
        *["## Confusion", "", f"{scope}.", "", *_confusion(metrics, prefix), ""],
        *["## Slices", "", f"{scope}. {ABOUT_SLICES}", "", *_slices(metrics), ""],
    ]
