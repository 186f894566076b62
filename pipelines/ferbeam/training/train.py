"""The job `ferbeam train`: labelled faces to a model folder."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS, NAMES
from fer_core.errors import DataError, SettingsError, UsageError
from fer_core.learn.copies import copies_of
from fer_core.learn.dataset import read_unlabelled
from fer_core.learn.distillation import Ensemble, Teachers
from fer_core.learn.labels import (
    LabelledFaces,
    repeat_rare,
    training_targets,
    true_labels,
)
from fer_core.learn.outside_teacher import hints_of, read_answers
from fer_core.learn.settings import EPOCHS_FILE, TrainSettings
from fer_core.model import (
    CARD_NAME,
    MODEL_FILES,
    ModelCard,
    Provenance,
    file_sha256,
    load_card,
    load_classifier,
)
from ferbeam.output.folder import Folder
from ferbeam.output.ownership import check_folder
from ferbeam.stores.overlap import refuse_overlap
from ferbeam.training.exporting import TRAINED, export_apart
from ferbeam.training.labelled import Echo, read_part
from ferbeam.training.own_files import CURVES_FILE, MODEL, claim_files, remove_checkpoint
from ferbeam.training.progress import TrainProgress


@dataclass(frozen=True)
class TrainRequest:
    """What is to be trained on what.

    Attributes:
        data: a folder in one of the formats of `read_data`.
        model_dir: gets the model; holds `checkpoint/` until training has ended.
        settings: see TrainSettings.
        label_set: `ferplus` (votes, else labels) or `fer2013` (labels).
        teachers: model folders whose mean scores are learnt beside the labels.
        start: model folder whose weights are begun with, None for random ones.
        answers: file of what a teacher outside ferbeam said (`write_answers`), None for none.
        faces: Parquet file with `image`, faces that nobody has labelled and the teachers alone
            speak of; None for none.
        means: model folders whose weights are in the result, too, and the share of each.
    """

    data: Path
    model_dir: Path
    settings: TrainSettings
    label_set: str = "ferplus"
    teachers: tuple[Path, ...] = ()
    start: Path | None = None
    answers: Path | None = None
    faces: Path | None = None
    means: tuple[tuple[Path, float], ...] = ()

    def __post_init__(self) -> None:
        if sum(share for _, share in self.means) > 1:
            raise SettingsError(
                "--mean: shares are more than 1 in all; leave some for what is learnt"
            )
        if (self.answers or self.faces) and not self.teachers:
            raise SettingsError("--answers, --faces: need a --teacher, whose word they add to")
        if self.answers and self.settings.mixup:
            raise SettingsError("--answers: were not asked about mixed pictures; use no --mixup")


def run_train(request: TrainRequest, echo: Echo) -> ModelCard:
    """Trains and writes a model folder; the same call again resumes after a stop.

    Args:
        request: see TrainRequest.
        echo: is given lines to show.

    Returns:
        The card of the finished model.

    Raises:
        UsageError: TensorFlow is not installed, or the model folder cannot be written, is not ours,
            or lies in the data or they in it.
        DataError: the data cannot be used.
        SettingsError: the folder holds a finished model, or one begun with other settings; the
            weights to begin with are another network's.
        ModelError: a teacher, or the model to begin with, is no model or does not fit the code.
    """
    model_dir = request.model_dir
    if importlib.util.find_spec("tensorflow") is None:
        raise UsageError("train: TensorFlow is not installed; pip install 'ferbeam[train]'")
    if (model_dir / CARD_NAME).exists():
        raise SettingsError(f"{model_dir}: holds a finished model; name another folder")
    refuse_overlap(str(request.data), str(model_dir), "MODEL_DIR", "DATA")
    check_folder(Folder(str(model_dir)), MODEL)
    train, valid = (read_part(request.data, part, echo) for part in ("train", "valid"))
    claim_files(model_dir, MODEL)
    try:
        _remember_settings(model_dir, _run_identity(train, request))
        return _train_and_export((train, valid), request, echo)
    except OSError as error:
        kept = "; the last whole epoch is kept" if _has_begun(model_dir / "checkpoint") else ""
        reason = error.strerror or error
        raise UsageError(f"{model_dir}: cannot be written ({reason}){kept}") from error


def _run_identity(train: LabelledFaces, request: TrainRequest) -> dict[str, Any]:
    """Returns what must be the same for a stopped run to go on."""
    pictures = sha256(train.crops.tobytes() + train.labels.tobytes() + train.votes.tobytes())
    return {
        **asdict(request.settings),
        "label_set": request.label_set,
        "teachers": [load_card(teacher).sha256_for("litert") for teacher in request.teachers],
        "start": request.start and load_card(request.start).sha256_for("tensorflow"),
        "answers": request.answers and file_sha256(request.answers),
        "faces": request.faces and file_sha256(request.faces),
        "means": [[load_card(mean).sha256_for("tensorflow"), of] for mean, of in request.means],
        "train_sha256": pictures.hexdigest(),
    }


def _has_begun(checkpoint: Path) -> bool:
    """Tells whether an epoch was finished, so that a run can go on."""
    return any(checkpoint.glob("*.weights.h5"))


def _remember_settings(model_dir: Path, identity: dict[str, Any]) -> None:
    """Writes down what a run was begun with, or checks it where the run goes on."""
    file = model_dir / "checkpoint" / "run.json"
    if not file.exists() or not _has_begun(file.parent):
        remove_checkpoint(file.parent)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(identity, indent=2), encoding="utf-8")
        (model_dir / EPOCHS_FILE).unlink(missing_ok=True)
        return
    begun = json.loads(file.read_text(encoding="utf-8"))
    other = [name for name in identity if begun.get(name) != identity[name]]
    if other:
        raise SettingsError(
            f"{model_dir}: was begun with another {', '.join(other)}; "
            f"use the same to resume, or name another folder"
        )


def _training_rows(
    train: LabelledFaces, request: TrainRequest
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Returns the crops that can be trained on, and their targets."""
    targets = training_targets(train, request.label_set, request.settings.label_share)
    missing = [name for name, mass in zip(NAMES, targets.sum(axis=0), strict=True) if mass == 0]
    if missing:
        raise DataError(f"train: no picture of {', '.join(missing)}; every emotion needs some")
    usable = targets.any(axis=1)
    return train.crops[usable], targets[usable]


def _valid_rows(
    valid: LabelledFaces, label_set: str
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Returns the crops with one clear label, and the labels one-hot."""
    truth = true_labels(valid, label_set)
    known = truth >= 0
    if not known.any():
        raise DataError("valid: no picture has a label; it needs labels as train does")
    return valid.crops[known], np.eye(len(EMOTIONS), dtype=np.float32)[truth[known]]


def _shown_rows(
    rows: tuple[NDArray[np.uint8], NDArray[np.float32]], request: TrainRequest
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32] | None]:
    """Returns the crops of an epoch, rare emotions several times, their targets and hints.

    Faces that nobody has labelled have targets of 0, and are as rare as the teacher outside says.
    """
    (crops, targets), settings = rows, request.settings
    if request.faces is not None:
        faces = read_unlabelled(request.faces)
        crops = np.concatenate([crops, faces])
        targets = np.concatenate([targets, np.zeros((len(faces), len(EMOTIONS)), np.float32)])
    known, hints = targets, None
    if request.answers is not None:
        answers = read_answers(request.answers, crops)
        told = targets.any(axis=1, keepdims=True)
        powers = np.where(told, settings.hint_power, settings.faces_hint_power)
        hints = hints_of(answers, powers)
        known = np.where(told, targets, np.nan_to_num(answers)).astype(np.float32)
    shown = repeat_rare(known, settings.rare_share, settings.seed)
    return crops[shown], targets[shown], None if hints is None else hints[shown]


def _load_teachers(
    request: TrainRequest, hints: NDArray[np.float32] | None, echo: Echo
) -> Teachers | None:
    if not request.teachers:
        return None
    settings = request.settings
    views = min(settings.views, settings.epochs)
    count = len(request.teachers)
    asked = "1 teacher is" if count == 1 else f"{count} teachers are"
    echo(f"{asked} asked in each of the first {views} epochs")
    ensemble = Ensemble([load_classifier(teacher) for teacher in request.teachers])
    folder = request.model_dir / "checkpoint"
    return Teachers(ensemble, settings.teacher_share, views, folder, hints)


def _train_and_export(
    parts: tuple[LabelledFaces, LabelledFaces], request: TrainRequest, echo: Echo
) -> ModelCard:
    """Trains, exports, and removes the checkpoint, which nothing needs any longer."""
    train, valid = parts
    model_dir, settings, label_set = request.model_dir, request.settings, request.label_set
    labelled, valid_rows = _training_rows(train, request), _valid_rows(valid, label_set)
    crops, targets, hints = _shown_rows(labelled, request)
    teachers = _load_teachers(request, hints, echo)
    # TensorFlow leaves oneDNN off on AMD; with it a step takes 0.6 of the time.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from fer_core.learn.charts import draw_learning_curves
    from fer_core.learn.training import average_weights, train_network

    batches, rows = -(-len(crops) // settings.batch), (crops, targets)
    start = request.start and request.start / MODEL_FILES["tensorflow"]
    with TrainProgress(settings.epochs, batches, echo) as progress:
        network = train_network(rows, valid_rows, model_dir, settings, progress, teachers, start)
    keras_file = MODEL_FILES["tensorflow"]
    average_weights(network, [(mean / keras_file, share) for mean, share in request.means])
    network.save(model_dir / TRAINED)
    draw_learning_curves(model_dir / EPOCHS_FILE, model_dir / CURVES_FILE)
    provenance = Provenance(
        name=model_dir.name,
        data=f"{len(labelled[0])} training and {len(valid)} validation pictures, "
        f"labels {label_set}",
        command=_command(request),
        commit=_commit(),
        label_set=label_set,
        shares=tuple(round(float(share), 6) for share in labelled[1].mean(axis=0)),
    )
    card = export_apart(model_dir, valid, copies_of(valid, train), provenance)
    remove_checkpoint(model_dir / "checkpoint")
    return card


def _command(request: TrainRequest) -> str:
    """Returns the command line that makes this model."""
    plain = TrainSettings()
    changed = {
        name: value
        for name, value in asdict(request.settings).items()
        if value != getattr(plain, name) or name in ("network", "epochs", "seed")
    }
    options = [
        f"--{name.replace('_', '-')}" + (f" {value}" if value is not True else "")
        for name, value in changed.items()
    ]
    options += [f"--teacher {teacher.name}" for teacher in request.teachers]
    for option in ("start", "answers", "faces"):
        named: Path | None = getattr(request, option)
        options += [] if named is None else [f"--{option} {named.name}"]
    options += [f"--mean {mean.name} {share}" for mean, share in request.means]
    return " ".join(["ferbeam train DATA MODEL_DIR", f"--label-set {request.label_set}", *options])


def _commit() -> str:
    """Returns the commit of the checkout that runs, empty outside one."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return ""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return result.stdout.strip()
