"""The job `ferbeam prepare`: folders of labelled pictures to the faces that `train` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import apache_beam as beam
from apache_beam import pvalue

from fer_core.detection.detector import Detector, detect_whole, limit_threads, load_detector
from fer_core.learn.labelled_faces import (
    PARTS,
    LabelledFace,
    Skipped,
    count_outcomes,
    is_trainable,
    label_of,
    labelled_table,
    prepare_faces,
)
from fer_core.media import MAX_PIXELS
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.read_frames import read_picture_frame
from ferbeam.analysis.transforms import FAILURES, ListMedia
from ferbeam.output.folder import Folder
from ferbeam.settings import PrepareSettings
from ferbeam.training.data_folder import (
    SKIPPED_FILE,
    begin_data,
    counts_path,
    list_labelled,
    note_progress,
)

SKIPPED = "skipped"


def build_pipeline(pipeline: beam.Pipeline, settings: PrepareSettings) -> None:
    """Adds the steps of the job to a pipeline.

    Pixels stay inside PrepareFaces; a crop of 48x48 is the largest thing that crosses a shuffle.
    """
    listed = (
        pipeline
        | "Input" >> beam.Create([settings.input])
        | "ListMedia" >> ListMedia(list_labelled).with_outputs()
    )
    prepared = (
        listed.media
        | "SpreadMedia" >> beam.Reshuffle()
        | "PrepareFaces" >> beam.ParDo(PrepareFaces(settings)).with_outputs(SKIPPED, main="faces")
    )
    unlisted = listed[FAILURES] | "SkipUnlisted" >> beam.Map(skip_unlisted)
    skipped = (unlisted, prepared[SKIPPED]) | "Skipped" >> beam.Flatten()
    _ = (
        {
            "faces": prepared.faces | "FacesOfTheData" >> beam.WithKeys("data"),
            "skipped": skipped | "SkippedOfTheData" >> beam.WithKeys("data"),
        }
        | "GatherData" >> beam.CoGroupByKey()
        | "WriteData" >> beam.ParDo(WriteData(settings))
    )


def skip_unlisted(failure: Failure) -> Skipped:
    """Names what could not even be listed."""
    return Skipped(failure.media, "unreadable", failure.message)


class PrepareFaces(beam.DoFn):
    """Listed pictures to labelled faces, what is left out beside: the only step with pixels."""

    def __init__(self, settings: PrepareSettings) -> None:
        self._settings = settings

    def setup(self) -> None:
        """Loads the detector of the analysis, unless the pictures are crops already."""
        limit_threads()
        settings = self._settings
        self._detector: Detector = (
            detect_whole
            if settings.cropped
            else load_detector(settings.detector, settings.detector_model, for_pictures=True)
        )

    def process(self, group: tuple[Medium, ...]) -> Iterator[LabelledFace | pvalue.TaggedOutput]:
        """Reads the pictures of a group one after the other."""
        unusable = [left for medium in group if (left := _skip_unlabelled(medium))]
        names = {left.media for left in unusable}
        pictures = (medium for medium in group if medium.name not in names)
        frames = (read_picture_frame(medium, MAX_PIXELS) for medium in pictures)
        yield from (pvalue.TaggedOutput(SKIPPED, left) for left in unusable)
        for found in prepare_faces(frames, self._detector, self._settings.valid_share):
            yield pvalue.TaggedOutput(SKIPPED, found) if isinstance(found, Skipped) else found
        note_progress(Folder(self._settings.data), self._settings.run_id, len(group))


def _skip_unlabelled(medium: Medium) -> Skipped | None:
    """Says why a file is not even opened, None for a picture in a folder of an emotion."""
    if medium.kind != "image":
        what = "is a video" if medium.kind == "video" else "is no picture by its suffix"
        return Skipped(medium.name, "no_picture", f"{what}; pictures are needed")
    if label_of(medium.name) is None:
        message = "lies in no folder of an emotion; <part>/<emotion>/ or <emotion>/ is needed"
        return Skipped(medium.name, "no_emotion", message)
    return None


class WriteData(beam.DoFn):
    """Everything that was prepared to the files of DATA, and the counts for the command.

    Faces that cannot be trained on are not written, only what was left out.
    """

    def __init__(self, settings: PrepareSettings) -> None:
        self._settings = settings

    def process(self, gathered: tuple[str, dict[str, Iterable[object]]]) -> None:
        """Writes each file whole, in an order that no runner changes."""
        output = Folder(self._settings.data)
        faces = [face for face in gathered[1]["faces"] if isinstance(face, LabelledFace)]
        skipped = [left for left in gathered[1]["skipped"] if isinstance(left, Skipped)]
        counts = count_outcomes(faces, skipped)
        begin_data(output)
        for part in PARTS if is_trainable(counts) else ():
            if any(counts[part].values()):
                table = labelled_table(face for face in faces if face.part == part)
                output.write_table(output.path(f"{part}.parquet"), table)
        output.write(output.path(SKIPPED_FILE), _skipped_csv(skipped))
        output.write_json(counts_path(output, self._settings.run_id), counts)


def _skipped_csv(skipped: list[Skipped]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Skipped._fields)
    writer.writerows(sorted(skipped))
    return text.getvalue().encode()
