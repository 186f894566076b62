"""The job for Dataflow, as far as it can be checked without Dataflow."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from ferbeam.analysis.pipeline import build_pipeline
from ferbeam.runners.dataflow import complete_options
from ferbeam.stores import store_of
from tests.pipelines.jobs import SAMPLES, ferbeam
from tests.pipelines.planned import settings_for
from tests.stores.servers import Server

pytest.importorskip("google.cloud.dataflow", exc_type=ImportError)

IMAGE = "europe-docker.pkg.dev/project/images/ferbeam:0.1"
OWN = ("--project=some-project", "--region=europe-west1", f"--sdk_container_image={IMAGE}")
CHECKED = (*OWN, "--dry_run=True")

pytestmark = pytest.mark.parametrize("running", ["gs"], indirect=True)


@pytest.fixture(autouse=True)
def no_metadata(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the search for Google's own machines."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def test_the_job_has_one_thread_in_each_of_as_many_processes_as_cores(server: Server) -> None:
    places = {"INPUT": server.uri("in"), "OUTPUT": server.uri("out")}
    options = PipelineOptions(["--runner=DataflowRunner", *complete_options(places, CHECKED)])
    pipeline = beam.Pipeline(options=options)
    build_pipeline(pipeline, settings_for(*places.values()))
    from apache_beam.runners.dataflow.internal import apiclient

    job = pipeline.run().job
    environment = apiclient.Environment(
        [], job.options, "2.0.0", proto_pipeline_staged_url="", proto_pipeline=job.proto_pipeline
    ).proto
    (pool,) = environment.worker_pools
    assert pool.machine_type == "n2-standard-4"
    (image,) = pool.sdk_harness_container_images
    assert image.container_image == IMAGE
    assert image.use_single_core_per_container
    assert pool.num_threads_per_worker == 1
    assert "use_multiple_sdk_containers" in environment.experiments
    scratch = job.options.get_all_options()["temp_location"]
    assert scratch.startswith(server.uri("out/.spans/dataflow/"))


def test_a_dry_run_of_beam_checks_the_whole_command(server: Server) -> None:
    picture = (SAMPLES / "composites/happy.png").read_bytes()
    store_of(server.uri()).write(server.uri("one", "happy.png"), picture)
    places = server.uri("one"), server.uri("checked")
    done = ferbeam("analyze", *places, "--runner", "dataflow", "--", *CHECKED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was run" in done.stdout
    wrong = "--project=Nobody!"
    refused = ferbeam("analyze", *places, "--runner", "dataflow", "--", *CHECKED, wrong)
    assert refused.returncode == 1
    assert "validations errors: Invalid Project ID (Nobody!)" in refused.stderr
