"""The standardized uptake value by body weight (SUVbw) of PET images, computed as QIBA defines it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from DicomSuiteLib.dicom_headers import header_number, header_text, items_of, private_number
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteRenderLib.decay_times import injection_moment, scan_moment
from DicomSuiteRenderLib.errors import RenderError

CORRECTIONS = frozenset({"ATTN", "DECY"})
"""Which must be among Corrected Image (0028,0051)."""

PHILIPS_PET, PHILIPS_GROUP = "Philips PET Private Group", 0x7053
PHILIPS_UPTAKE, PHILIPS_ACTIVITY = 0x00, 0x09
"""Philips's factors from counts to SUVbw, and to Bq/ml."""

SMALLEST_DOSE = 1e4
"""Bq; a dose below 0.01 MBq was stored in MBq or mCi instead."""

LARGEST_WEIGHT = 500.0
"""kg; a weight above was stored in g."""

MOST_HALF_LIVES = 10
"""From injection to scan: a thousandth of the dose gives no picture, so one of the times must be wrong."""


@dataclass(frozen=True)
class StandardUptake:
    """A voxel's rescaled value times `factor` is its SUVbw (g/ml); `notes` say what was assumed."""

    factor: float
    notes: tuple[str, ...] = ()


def suv_factor(headers: Sequence[Dataset]) -> StandardUptake:
    """Find the factor to SUVbw of a PET series, from the complete headers of all its images.

    Raises
    ------
    RenderError
        If it cannot be computed; the message says what is missing or cannot be true.

    Notes
    -----
    QIBA's vendor-neutral pseudo-code (FDG-PET/CT Technical Committee); attributes of PS3.3 C.8.9.1 and C.8.9.2. The
    dose is not corrected for what stayed in the syringe.
    """
    try:
        with quiet_pydicom():
            return _uptake(headers)
    except RenderError as error:
        raise RenderError(f"SUV cannot be computed: {error}.") from error


def _uptake(headers: Sequence[Dataset]) -> StandardUptake:
    missing = {part for header in headers for part in CORRECTIONS - _corrections(header)}
    if missing:
        raise RenderError(f"the images are not all corrected for attenuation and decay ({', '.join(sorted(missing))})")
    match units := _shared_text(headers, "Units"):
        case "BQML":
            return _from_activity(headers, 1.0)
        case "CNTS":
            return _from_counts(headers)
        case "GML":
            return _as_stored(headers)
    raise RenderError(f"the images are in {units}, not in Bq/ml")


def _as_stored(headers: Sequence[Dataset]) -> StandardUptake:
    """Values in g/ml are SUVbw already unless SUV Type (0054,1006) says otherwise."""
    kinds = {header_text(header, "SUVType") or "BW" for header in headers}
    if kinds != {"BW"}:
        raise RenderError(f"the values are SUV by another measure than body weight ({', '.join(sorted(kinds))})")
    return StandardUptake(1.0)


def _from_counts(headers: Sequence[Dataset]) -> StandardUptake:
    factors = [_philips_factors(headers, offset) for offset in (PHILIPS_UPTAKE, PHILIPS_ACTIVITY)]
    if factors[0]:
        return StandardUptake(factors[0])
    if factors[1]:
        return _from_activity(headers, factors[1])
    raise RenderError("the images are in counts, without Philips's factor to SUV or Bq/ml")


def _philips_factors(headers: Sequence[Dataset], offset: int) -> float | None:
    factors = {private_number(header, PHILIPS_GROUP, PHILIPS_PET, offset) for header in headers}
    if len(factors) > 1:
        raise RenderError("Philips's factor differs from image to image")
    return factors.pop()


def _from_activity(headers: Sequence[Dataset], becquerel_per_ml: float) -> StandardUptake:
    """From values that times `becquerel_per_ml` are an activity concentration."""
    weight = _shared_number(headers, "PatientWeight")
    if weight > LARGEST_WEIGHT:
        raise RenderError(f"a PatientWeight of more than {LARGEST_WEIGHT:g} kg cannot be true")
    dose = _shared_number(headers, "RadionuclideTotalDose", _radiopharmaceutical)
    if dose < SMALLEST_DOSE:
        raise RenderError(f"a RadionuclideTotalDose of less than {SMALLEST_DOSE:g} Bq cannot be true")
    decay, notes = _decay(headers)
    return StandardUptake(becquerel_per_ml * weight * 1000 / (dose * decay), notes)


def _decay(headers: Sequence[Dataset]) -> tuple[float, tuple[str, ...]]:
    """The part of the dose that was left at the time to which the images are corrected, and what was assumed."""
    half_life = _shared_number(headers, "RadionuclideHalfLife", _radiopharmaceutical)
    match correction := _shared_text(headers, "DecayCorrection"):
        case "ADMIN":
            return 1.0, ()
        case "START":
            scan = scan_moment(headers, half_life)
        case _:
            raise RenderError(f"the images are not corrected for decay (DecayCorrection {correction})")
    injections = {injection_moment(_radiopharmaceutical(header), header, scan, half_life) for header in headers}
    if len(injections) > 1:
        raise RenderError("the images tell different times of the injection")
    injection, note = injections.pop()
    half_lives = (scan - injection).total_seconds() / half_life
    if not 0 <= half_lives <= MOST_HALF_LIVES:
        raise RenderError("the times of injection and scan contradict each other")
    return 2.0**-half_lives, (note,) if note else ()


def _corrections(header: Dataset) -> set[str]:
    return set(header_text(header, "CorrectedImage").split("\\"))


def _radiopharmaceutical(header: Dataset) -> Dataset:
    items = items_of(header, "RadiopharmaceuticalInformationSequence")
    if len(items) != 1:
        raise RenderError(f"{len(items) or 'no'} radiopharmaceuticals are described, where there should be one")
    return items[0]


def _shared_text(headers: Sequence[Dataset], keyword: str) -> str:
    texts = {header_text(header, keyword) for header in headers}
    if len(texts) > 1:
        raise RenderError(f"{keyword} differs from image to image")
    text = texts.pop()
    if not text:
        raise RenderError(f"{keyword} is missing")
    return text


def _shared_number(
    headers: Sequence[Dataset], keyword: str, place: Callable[[Dataset], Dataset] = lambda header: header
) -> float:
    """A number above 0 that all images have in common, in the data set that `place` finds in a header."""
    numbers = {header_number(place(header), keyword) for header in headers}
    if len(numbers) > 1:
        raise RenderError(f"{keyword} differs from image to image")
    number = numbers.pop()
    if number is None:
        raise RenderError(f"{keyword} is missing")
    if not 0 < number < float("inf"):
        raise RenderError(f"{keyword} is not above 0")
    return number
