"""Settings of an analysis, and the spans that are planned by them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from fer_core.detection.detector_settings import HAAR
from fer_core.model import find_model_dir, load_card
from fer_core.records import Failure
from ferbeam.analysis.elements import ReadTask
from ferbeam.analysis.list_media import group_media, list_media
from ferbeam.analysis.plan_spans import open_group, plan_group
from ferbeam.output.folder import Output
from ferbeam.settings import AnalyzeSettings, RenderSettings, RowSettings

SETTINGS = RowSettings(Fraction(4), HAAR, "litert", "0" * 64, 1.0, "standardise_crops", 10**8)


def settings_for(source: str, output: str) -> AnalyzeSettings:
    """Settings of an analysis with copies."""
    card = load_card(find_model_dir())
    rows = RowSettings(
        sample_fps=Fraction(10),
        detector=HAAR,
        engine="litert",
        model_sha256=card.sha256_for("litert"),
        temperature=card.temperature,
        preprocessing=card.preprocessing,
        max_pixels=10**8,
    )
    render = RenderSettings("emoji", "en", None, "", 23)
    return AnalyzeSettings(source, output, rows, 10.0, None, None, render, "0" * 12, listed=True)


def planned(source: Path, output: Output, span_s: float = 2) -> list[ReadTask]:
    """Plans the spans of an INPUT whose media all open."""
    media = [found for found in list_media(str(source)) if not isinstance(found, Failure)]
    readings = []
    for group in group_media(media):
        opened, failures, _ = open_group(group, SETTINGS, output)
        assert not failures
        readings.extend(plan_group(group, opened, SETTINGS, span_s))
    return readings
