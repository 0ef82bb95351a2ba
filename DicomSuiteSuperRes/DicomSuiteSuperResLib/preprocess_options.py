"""What a run of `dicomsuite preprocess` is asked to do, apart from the inputs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from DicomSuiteLib.errors import UsageError
from DicomSuiteSuperResLib.brain_mask import BrainMethod
from DicomSuiteSuperResLib.intensity_normalisation import NormalisationMethod
from DicomSuiteSuperResLib.pairs import PairRequest
from DicomSuiteSuperResLib.superres_options import FileFormat


class OutputKind(enum.StrEnum):
    """What a file is, for programs that read the report."""

    PREPARED = "prepared"
    """The volume after brain extraction, bias field correction and normalisation, as far as asked for."""
    BRAIN_MASK = "brain mask"
    REGISTERED = "registered"
    """The prepared volume on the template's grid."""
    TRANSFORM = "transform"
    REGISTRATION = "registration"
    """The transform in numbers, both directions."""
    HIGH = "high"
    LOW = "low"
    PAIR = "pair"
    """How the pair was made."""


@dataclass(frozen=True)
class PreprocessOptions:
    """Which steps are done, always in this order, and what is written where.

    Parameters
    ----------
    folder : new or empty, unless `resumes`
    brain : how the brain is found, outside of which all becomes 0; None: the head stays
    corrects_bias_field : whether the brightness is evened out
    normalisation : which common scale intensities are brought to; None: they stay
    registers : whether the volume is also laid over a template
    template : the user's, which must show what the prepared volume does: with `brain`, the brain alone; None: the one
        that comes with DicomSuite, in MNI space, over which the whole head is laid
    pair : how a coarse counterpart of the volume (in its own space) is made; None: none is
    anonymizes : whether names of files and free text of headers are left out of all that is written
    file_format : None: NIfTI for NIfTI, NRRD for everything else
    resumes : whether what an interrupted run in the folder has finished is kept

    Raises
    ------
    UsageError
        If nothing is to be done, or a step lacks one that it needs.
    """

    folder: Path
    brain: BrainMethod | None = None
    corrects_bias_field: bool = False
    normalisation: NormalisationMethod | None = None
    registers: bool = False
    template: Path | None = None
    pair: PairRequest | None = None
    anonymizes: bool = False
    file_format: FileFormat | None = None
    resumes: bool = False

    def __post_init__(self) -> None:
        if not (self.changes_voxels or self.registers or self.pair or self.anonymizes):
            raise UsageError(
                "No step is asked for: add --brain, --bias-field, --normalise, --register, --pairs or --anonymize."
            )
        if self.normalisation is not None and self.normalisation.needs_brain and self.brain is None:
            raise UsageError(f"--normalise {self.normalisation} looks for white matter in the brain: add --brain.")
        if self.normalisation is not None and self.pair is not None and self.pair.noise:
            raise UsageError("--noise is that of magnitudes, which --normalise shifts below 0: leave one of them out.")

    @property
    def changes_voxels(self) -> bool:
        """Whether the volume itself is worked on."""
        return self.brain is not None or self.corrects_bias_field or self.normalisation is not None

    @property
    def step_count(self) -> int:
        """Steps of each input, by which progress is told; reading and writing are one more."""
        wanted = (self.brain, self.corrects_bias_field, self.normalisation, self.registers, self.pair)
        return 1 + sum(map(bool, wanted))
