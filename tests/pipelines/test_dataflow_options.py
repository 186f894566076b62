"""What `--runner` takes and refuses, and what a job on Dataflow needs: said before it starts."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from fer_core.errors import UsageError
from ferbeam.commands.analyze import analyze
from ferbeam.control.analyze_options import AnalyzeOptions
from ferbeam.deploy.flex_template import command_of
from ferbeam.runners.dataflow import complete_options, ends_without_result
from ferbeam.runners.runner import Runner, check_runner
from tests.pipelines.jobs import ROOT, ferbeam

PLACES = {"INPUT": "gs://bucket/in", "OUTPUT": "gs://bucket/out/"}
NAMED = {
    "GOOGLE_CLOUD_PROJECT": "some-project",
    "CLOUDSDK_COMPUTE_REGION": "europe-west1",
    "FERBEAM_IMAGE": "image",
}


@pytest.mark.parametrize(
    "name", ["DaskRunner", "dask", "apache_beam.runners.dask.dask_runner.DaskRunner"]
)
def test_dask_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(UsageError, match=r"refused, it silently loses the output of finish_bundle"):
        check_runner(name)
    for words in (["--runner=" + name], ["--runner", name]):
        with pytest.raises(UsageError, match="refused"):
            check_runner("local", words)


def test_other_runners_pass_through_by_their_names() -> None:
    for name in ("SparkRunner", "PortableRunner", "some.module.OwnRunner"):
        check_runner(name)
        assert Runner(name, 2, ("--own=1",)).options(None) == [f"--runner={name}", "--own=1"]


def test_the_command_refuses_dask_at_once() -> None:
    done = ferbeam("analyze", "in", "out", "--runner", "DaskRunner")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "ferbeam: runner DaskRunner: refused, it silently loses the output of finish_bundle and "
        "mixes tagged outputs"
    ]


def test_dataflow_gets_what_it_needs_from_the_environment_and_the_user_wins() -> None:
    own = ("--region=us-east1", "--max_num_workers=5")
    options = dict(option.split("=") for option in complete_options(PLACES, own, NAMED))
    assert options == {
        "--project": "some-project",
        "--region": "us-east1",
        "--sdk_container_image": "image",
        "--temp_location": "gs://bucket/out/.spans/dataflow",
        "--staging_location": "gs://bucket/out/.spans/dataflow",
        "--machine_type": "n2-standard-4",
        "--number_of_worker_harness_threads": "1",
        "--sdk_location": "container",
        "--max_num_workers": "5",
    }


def test_scratch_files_of_prepare_go_where_its_results_go() -> None:
    places = {"INPUT": "gs://bucket/in", "DATA": "gs://other/data"}
    scratch = "--temp_location=gs://other/data/.spans/dataflow"
    assert scratch in complete_options(places, (), NAMED)


def test_prepare_says_what_its_runner_lacks_and_refuses_what_analyze_refuses() -> None:
    done = ferbeam("prepare", "in", "data", "--runner", "dataflow")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "INPUT in: Dataflow cannot reach it" in done.stderr
    done = ferbeam("prepare", "in", "data", "--", "--runner=DaskRunner")
    assert done.returncode == 2
    assert "runner DaskRunner: refused" in done.stderr


@pytest.mark.parametrize(
    ("places", "missing", "message"),
    [
        ({"OUTPUT": "out"}, "", "OUTPUT out: Dataflow cannot reach it, gs://BUCKET/"),
        ({"INPUT": "s3://bucket/in"}, "", "INPUT s3://bucket/in: Dataflow cannot reach it"),
        ({}, "GOOGLE_CLOUD_PROJECT", "no project .*: add `-- --project=...`, or set GOOGLE"),
        ({}, "CLOUDSDK_COMPUTE_REGION", "no region .such as europe-west1"),
        (
            {},
            "FERBEAM_IMAGE",
            "no sdk_container_image .built from pipelines/ferbeam/deploy/Dockerfile",
        ),
    ],
)
def test_what_is_missing_for_dataflow_is_named(
    places: dict[str, str], missing: str, message: str
) -> None:
    environment = {name: value for name, value in NAMED.items() if name != missing}
    with pytest.raises(UsageError, match=message):
        complete_options({**PLACES, **places}, (), environment)


def test_a_dry_run_and_a_template_end_without_a_result() -> None:
    assert ends_without_result(["--project=x", "--dry_run=True"])
    assert ends_without_result(["--template_location=gs://bucket/job"])
    assert ends_without_result(["--dry_run", "true"])
    assert not ends_without_result(["--dry_run=False", "--region=x"])


def test_the_parameters_of_the_template_become_the_command() -> None:
    launched = ("--input=gs://b/in", "--output=gs://b/out", "--sample_fps=5", "--lang=")
    beam = ("--runner=DataflowRunner", "--template_location=gs://b/job", "--project=p")
    assert command_of((*launched, *beam)) == [
        "analyze",
        "gs://b/in",
        "gs://b/out",
        "--runner=dataflow",
        "--sample-fps=5",
        "--",
        "--template_location=gs://b/job",
        "--project=p",
    ]
    with pytest.raises(ValueError, match="input and output are needed"):
        command_of(beam)


HERE = {"runner", "workers", "metrics", "retry_failures", "beam_options"}
"""Options that tell the command of this machine what to do."""


def test_the_template_has_every_option(tmp_path: Path) -> None:
    text = (ROOT / "pipelines/ferbeam/deploy/flex_template.json").read_text(encoding="utf-8")
    parameters = {each["name"]: each for each in json.loads(text)["parameters"]}
    assert set(parameters) == {field.name for field in fields(AnalyzeOptions)} - HERE
    (tmp_path / "net.onnx").touch()
    given = {
        **{"input": "gs://b/in", "output": "gs://b/out", "sample_fps": "30000/1001"},
        **{"include": "*.mp4, *.mov", "exclude": "drafts/**", "input_list": "true"},
        **{"detector": "yunet", "detector_model": f"{tmp_path}/net.onnx", "redetect_ms": "200"},
        **{"model": str(tmp_path), "engine": "litert", "prior": "even", "span_s": "2.5"},
        **{"people": "1", "overlay": "box", "avatars": str(tmp_path), "lang": "fr"},
        **{"video_quality": "30", "max_pixels": "1000", "overwrite": "true", "prune": "false"},
        "input_moved": "true",
    }
    assert set(given) == set(parameters)
    for name, value in given.items():
        for regex in parameters[name].get("regexes", ()):
            assert re.fullmatch(regex, value), name
    command = command_of([f"--{name}={value}" for name, value in given.items()])
    parsed = analyze.make_context("analyze", command[1:]).params
    assert parsed["include"] == ("*.mp4", "*.mov")
    assert [parsed[name] for name in ("overwrite", "prune", "input_moved")] == [True, False, True]
    assert (parsed["people"], parsed["prior"], parsed["lang"]) == (1, "even", "fr")
