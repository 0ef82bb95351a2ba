"""From a folder of fine volumes to a model file: what `dicomsuite train-superres` does."""

from __future__ import annotations

import hashlib
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.output_file import write_json
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteSuperResLib.linear_start import least_squares_kernels
from DicomSuiteSuperResLib.models import ModelScope, Upsampling
from DicomSuiteSuperResLib.super_resolution import Device
from DicomSuiteSuperResLib.training_examples import USUAL_VARIETY, ExampleSource, PatchSize
from DicomSuiteSuperResLib.training_subjects import TrainingSubject, read_subjects, split_subjects

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.torch_network import NetworkShape
    from DicomSuiteSuperResLib.torch_training import Training
    from DicomSuiteSuperResLib.torch_validation import Gain

FACTORS = {Upsampling.THROUGH_PLANE: (2, 3, 4, 5, 6), Upsampling.ISOTROPIC: (2,)}
"""That a model is trained for where nothing else is said."""
MAIN_FACTOR = 4
"""The usual one, 4 mm slices of 1 mm voxels."""
MAIN_WEIGHT = 6.0
"""How often the main factor is trained, for once that any other is."""
PATCHES = {Upsampling.THROUGH_PLANE: PatchSize(12, 32), Upsampling.ISOTROPIC: PatchSize(20, 20)}
PACKED = {Upsampling.THROUGH_PLANE: (1, 2, 2), Upsampling.ISOTROPIC: (2, 2, 2)}
"""Thick slices have as many voxels along the thick axis as they need, but four times as many in the plane."""
VERSION = "1"

_SAVED_EVERY_S = 60.0


@dataclass(frozen=True)
class TrainingRequest:
    """What to train.

    Parameters
    ----------
    folder : of the fine volumes
    out : the model file to write; its card is written beside it
    upsampling, factors : of the model
    seconds, steps : after which it ends, whichever comes first; the same steps give the same model on the same machine,
        the same time nearly the same
    data, licence : what is said of the subjects on the model's card
    held_out : words of the names of subjects that are not learned from, but that the model is measured on
    seed : of all that is random
    resume : whether to go on with an interrupted training of the same model
    device : where it runs
    """

    folder: Path
    out: Path
    upsampling: Upsampling = Upsampling.THROUGH_PLANE
    factors: tuple[int, ...] = FACTORS[Upsampling.THROUGH_PLANE]
    seconds: float = 600.0
    steps: float = math.inf
    data: str = ""
    licence: str = ""
    held_out: tuple[str, ...] = ()
    seed: int = 0
    resume: bool = False
    device: Device = Device.AUTO

    @property
    def state_file(self) -> Path:
        """Where an interrupted training is kept."""
        return self.out.with_name(f"{self.out.name}.training")

    @property
    def card_file(self) -> Path:
        """What is written about the model."""
        return self.out.with_suffix(".json")


def train(request: TrainingRequest, on_spent: Callable[[float], None], token: CancelToken) -> dict[str, Any]:
    """Train a model, write it and its card, and return the card. `on_spent` gets the part of the budget spent.

    Raises
    ------
    UsageError
        If the model or its card would overwrite something, or cannot be written.
    SuperResError
        If the folder, or what is held out, does not allow it.
    ModelError
        If what is to be resumed is damaged, or another training.
    MissingPackageError
        If torch is missing.
    Cancelled
        If `token` says so; the state so far is kept for `resume`.
    """
    try:
        import torch

        from DicomSuiteSuperResLib.own_checkpoint import read_checkpoint, write_checkpoint
        from DicomSuiteSuperResLib.torch_device import chosen_device
        from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler
        from DicomSuiteSuperResLib.torch_training import Budget, Training
        from DicomSuiteSuperResLib.torch_validation import gains_over_cubic
    except ImportError as error:
        raise missing_package("torch", "Training", "superres") from error
    _claim_files(request)
    learned, held_out = split_subjects(read_subjects(request.folder), request.held_out)
    torch.manual_seed(request.seed)
    network = ResidualUpsampler(NetworkShape(request.upsampling, request.factors, PACKED[request.upsampling]))
    source = _source(request, learned)
    for factor in request.factors:
        network.begin_with(factor, least_squares_kernels(source, factor, network.shape.steps(factor)))
    chances, device = _chances(request.factors), chosen_device(request.device)
    training = Training(network, source, chances, device, _fingerprint(request, learned))
    if request.resume and request.state_file.exists():
        training.resume(request.state_file)
    try:
        training.run(Budget(request.seconds, request.steps), _saving(training, request.state_file, on_spent), token)
    except BaseException:
        training.save(request.state_file)
        raise
    write_checkpoint(request.out, network, request.out.stem, VERSION, _scope(request, learned))
    model = read_checkpoint(request.out)
    gains = [gain for own in held_out for gain in gains_over_cubic(model, own)]
    card = _card(request, network.shape, training, learned, gains)
    write_json(request.card_file, card)
    request.state_file.unlink(missing_ok=True)
    return card


def _claim_files(request: TrainingRequest) -> None:
    """Make sure, before anything is read, that the model and its card can be written and overwrite nothing."""
    if request.state_file.exists():
        if not request.resume:
            raise UsageError(
                f"{request.state_file} is what an interrupted training has left; go on with it by --resume, or remove "
                "it to begin anew."
            )
    elif there := [path for path in (request.out, request.card_file) if path.exists()]:
        raise UsageError(f"{there[0]} is there already and would be overwritten; name another --out, or remove it.")
    folder = request.out.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"{folder} cannot be used for the model: {error.strerror}; name another folder.") from error


def _fingerprint(request: TrainingRequest, learned: Sequence[TrainingSubject]) -> str:
    """Digest of all that shapes a training, but for its length and the machine."""
    settings = (request.upsampling, request.factors, request.seed, USUAL_VARIETY, PATCHES[request.upsampling])
    return hashlib.sha256(repr((VERSION, settings, [own.digest for own in learned])).encode()).hexdigest()


def _source(request: TrainingRequest, learned: Sequence[TrainingSubject]) -> ExampleSource:
    patches = PATCHES[request.upsampling]
    return ExampleSource(learned, request.upsampling, patches, np.random.default_rng(request.seed))


def _chances(factors: Sequence[int]) -> dict[int, float]:
    """How often each factor is trained."""
    weights = {factor: MAIN_WEIGHT if factor == MAIN_FACTOR else 1.0 for factor in factors}
    return {factor: weight / sum(weights.values()) for factor, weight in weights.items()}


def _saving(training: Training, state_file: Path, on_spent: Callable[[float], None]) -> Callable[[float], None]:
    """Tells how far it is, and keeps the state now and then, so that a machine that fails costs a minute."""
    saved = time.monotonic()

    def on_step(spent: float) -> None:
        nonlocal saved
        on_spent(spent)
        if time.monotonic() - saved > _SAVED_EVERY_S:
            training.save(state_file)
            saved = time.monotonic()

    return on_step


def _scope(request: TrainingRequest, learned: Sequence[TrainingSubject]) -> ModelScope:
    fine = [own.spacing for own in learned]
    return ModelScope(
        modalities=("MR",),
        thick_spacing=(min(fine) * min(request.factors), max(fine) * max(request.factors)),
        fine_spacing=(min(fine), max(fine)),
        degradation=USUAL_VARIETY.words(),
        data=request.data,
        licence=request.licence,
    )


def _card(
    request: TrainingRequest,
    shape: NetworkShape,
    training: Training,
    learned: Sequence[TrainingSubject],
    gains: Sequence[Gain],
) -> dict[str, Any]:
    """What is to be known about the model; of subjects, whose names may be a patient's, only how many there were."""
    return {
        "name": request.out.stem,
        "version": VERSION,
        "upsampling": request.upsampling.value,
        "factors": list(request.factors),
        "summary": _summary(request),
        "data": request.data,
        "licence": request.licence,
        "network": shape.as_json(),
        "subjects": len(learned),
        "degradation": USUAL_VARIETY.words(),
        "training": {
            "seed": request.seed,
            "steps": training.steps,
            "seconds": round(training.seconds),
            "command": _command(request),
        },
        "gain_over_cubic_db": [{**asdict(gain), "subject": "held out"} for gain in gains],
    }


def _summary(request: TrainingRequest) -> str:
    times = ", ".join(map(str, request.factors))
    what = "as many slices" if request.upsampling is Upsampling.THROUGH_PLANE else "as many voxels along every axis"
    return f"{times} times {what}: a residual network adds to cubic interpolation what MRI with slice profiles lacks."


def _command(request: TrainingRequest) -> str:
    """What repeats the training, without the names of folders and subjects."""
    factors = " ".join(map(str, request.factors))
    budget = f"--minutes {request.seconds / 60:g}" if math.isinf(request.steps) else f"--steps {request.steps}"
    return (
        f"dicomsuite train-superres FOLDER --out {request.out.name} --kind {request.upsampling} --factors {factors} "
        f"--seed {request.seed} {budget}"
    )
