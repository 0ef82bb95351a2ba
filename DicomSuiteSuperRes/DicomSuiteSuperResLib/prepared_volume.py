"""One volume through the steps of preprocessing, and the files that are made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.check_intensities import check_intensities
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.head_template import HeadTemplate
from DicomSuiteLib.nifti_header import clean_nifti
from DicomSuiteLib.output_file import write_json
from DicomSuiteLib.registration import register, resampled_to_template
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.bias_field import SHRINK, without_bias_field
from DicomSuiteSuperResLib.brain_mask import BrainMask, brain_mask
from DicomSuiteSuperResLib.even_slices import even_slices
from DicomSuiteSuperResLib.find_inputs import FoundInput
from DicomSuiteSuperResLib.intensity_normalisation import normalise
from DicomSuiteSuperResLib.pairs import make_pair
from DicomSuiteSuperResLib.preprocess_options import OutputKind, PreprocessOptions
from DicomSuiteSuperResLib.superres_options import FileFormat
from DicomSuiteSuperResLib.transform_file import write_registration_facts, write_transform
from DicomSuiteSuperResLib.volume_output import write_volume

FACE = "text that identifies is left out, but the head is still there: a face can be recognised by its picture"
MM3_PER_ML = 1000


class PreparedVolume:
    """Does for one input what `options` ask for; `template` is needed where it is to be registered.

    `tell` is called with how much is done, from 0 to 1, after each of `options.step_count` steps.
    """

    def __init__(
        self,
        found: FoundInput,
        options: PreprocessOptions,
        template: HeadTemplate | None,
        tell: Callable[[float], None],
        token: CancelToken,
    ) -> None:
        self._found, self._options, self._template = found, options, template
        self._tell, self._token = tell, token
        self._done = 0  # steps
        self._files: list[dict[str, str]] = []
        self._facts: dict[str, Any] = {}
        self._warnings: list[str] = []
        self._problems: list[dict[str, str]] = []

    def execute(self) -> dict[str, Any]:
        """Do it all; returns what preprocess.json tells of this input.

        Raises
        ------
        DicomSuiteError
            If the volume cannot be read, worked on or written. What only registration or pairs cannot do is recorded.
        """
        if self._is_only_cleaned:
            self._clean()
        else:
            self._prepare()
        if self._options.anonymizes and self._options.brain is None:
            self._warnings.append(FACE)
        self._step()
        return {
            "number": self._found.number,
            "input": self._found.words,
            "files": self._files,
            "steps": self._facts,
            "warnings": self._warnings,
            "problems": self._problems,
        }

    @property
    def _is_only_cleaned(self) -> bool:
        """Whether a NIfTI file is to be copied as it is, but for its header."""
        options = self._options
        is_to_be_nifti = options.file_format in (None, FileFormat.NIFTI)
        works = options.changes_voxels or options.registers or options.pair is not None
        return self._found.is_nifti and is_to_be_nifti and not works

    def _clean(self) -> None:
        path = self._path(OutputKind.PREPARED, f"prepared{FileFormat.NIFTI.suffix}")
        self._facts["cleaned"] = list(clean_nifti(self._found.files[0], path))

    def _prepare(self) -> None:
        whole = self._read()
        brain = self._find_brain(whole)
        mask = None if brain is None else brain.voxels
        volume = self._normalised(self._evened_out(whole, mask), mask)
        if self._options.changes_voxels or self._options.anonymizes:
            self._write_volume(OutputKind.PREPARED, "prepared", volume)
        self._attempt("registration", self._options.registers, lambda: self._register(volume, whole, brain))
        self._attempt("pair", self._options.pair is not None, lambda: self._make_pair(volume))

    def _attempt(self, what: str, is_wanted: bool, work: Callable[[], None]) -> None:
        if not is_wanted:
            return
        self._token.raise_if_cancelled()
        try:
            work()
        except Cancelled:
            raise
        except DicomSuiteError as error:  # told: what can be made of the volume is made
            self._problems.append({"what": what, "reason": str(error)})
        self._step()

    def _read(self) -> Volume:
        volume = self._found.read()
        check_intensities(volume)
        even = even_slices(volume.grid)
        self._warnings += (*volume.notes, *even.notes)
        return replace(volume, voxels=even.of(volume.voxels), grid=SliceGrid.from_geometry(even.geometry))

    def _find_brain(self, volume: Volume) -> BrainMask | None:
        if self._options.brain is None:
            return None
        brain = brain_mask(volume, self._options.brain, self._token)
        self._warnings += brain.warnings
        voxel_mm3 = abs(np.linalg.det(even_geometry(volume).axes))
        millilitres = round(np.count_nonzero(brain.voxels) * voxel_mm3 / MM3_PER_ML, 1)
        self._facts["brain"] = {"method": brain.method.value, "volume_ml": millilitres}
        self._write_volume(OutputKind.BRAIN_MASK, "brain-mask", replace(volume, voxels=brain.voxels))
        self._step()
        return brain

    def _evened_out(self, volume: Volume, brain: NDArray[np.bool_] | None) -> Volume:
        """The volume with even brightness, where that is asked for, and without what is no brain."""
        voxels = volume.voxels
        if self._options.corrects_bias_field:
            self._token.raise_if_cancelled()
            voxels = without_bias_field(voxels, even_geometry(volume).spacing, brain, self._token)
            self._facts["bias_field"] = {"method": "N4", "shrink": SHRINK}
            self._step()
        return replace(volume, voxels=voxels if brain is None else np.where(brain, voxels, voxels.dtype.type(0)))

    def _normalised(self, volume: Volume, brain: NDArray[np.bool_] | None) -> Volume:
        method = self._options.normalisation
        if method is None:
            return volume
        mask = head_mask(volume.voxels) if brain is None else brain
        scaled = normalise(volume.voxels, method, mask)
        self._facts["normalisation"] = {"method": method.value, "offset": scaled.offset, "scale": scaled.scale}
        self._step()
        voxels = scaled.voxels if brain is None else np.where(brain, scaled.voxels, np.float32(0))
        return replace(volume, voxels=voxels)

    def _register(self, volume: Volume, whole: Volume, brain: BrainMask | None) -> None:
        """Write the map to the template, and `volume` laid over it; `whole` is the head, as DicomSuite's template."""
        if self._options.template is not None:
            registration = register(volume, self._template, self._token)
        elif brain is not None and brain.registration is not None:
            registration = brain.registration
        else:
            registration = register(whole, self._template, self._token)
        write_transform(registration, self._path(OutputKind.TRANSFORM, "to-template.tfm"))
        path = self._path(OutputKind.REGISTRATION, "to-template.json")
        write_registration_facts(registration, self._template.name, path)
        registered = resampled_to_template(volume, registration, self._template)
        self._write_volume(OutputKind.REGISTERED, "registered", registered)
        facts = {"template": self._template.name, "mutual_information_nat": registration.similarity}
        self._facts["registration"] = facts

    def _make_pair(self, volume: Volume) -> None:
        pair = make_pair(volume, self._options.pair, stream=self._found.number)
        names = {
            "high_file": self._write_volume(OutputKind.HIGH, "high", pair.high),
            "low_file": self._write_volume(OutputKind.LOW, "low", pair.low),
        }
        write_json(self._path(OutputKind.PAIR, "pair.json"), {**names, **pair.facts})
        self._facts["pair"] = pair.facts

    def _step(self) -> None:
        self._done += 1
        self._tell(self._done / self._options.step_count)

    def _path(self, kind: OutputKind, ending: str) -> Path:
        name = f"{self._found.stem}-{ending}"
        self._files.append({"kind": kind.value, "file": name})
        return self._options.folder / name

    def _write_volume(self, kind: OutputKind, ending: str, volume: Volume) -> str:
        usual = FileFormat.NIFTI if self._found.is_nifti else FileFormat.NRRD
        path = self._path(kind, f"{ending}{(self._options.file_format or usual).suffix}")
        write_volume(path, volume.voxels, even_geometry(volume))
        return path.name
