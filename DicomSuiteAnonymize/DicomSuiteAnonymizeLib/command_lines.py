"""The command lines with which a panel runs this module's commands, so that both do the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import QUARANTINE


@dataclass(frozen=True, slots=True)
class Rules:
    """What is done to the files: a saved profile, the key, and whether risky pixels may pass.

    `safe_private` is the user's list of private attributes that stay, None for none; it adds the option Retain Safe
    Private to the profile.
    """

    profile_file: Path
    key_file: Path
    allow_pixel_risk: bool = False
    safe_private: Path | None = None

    def words(self) -> tuple[str, ...]:
        """Their part of a command line."""
        risk = ("--allow-pixel-risk",) if self.allow_pixel_risk else ()
        own = _each("--safe-private", filter(None, (self.safe_private,)))
        return "--profile-file", str(self.profile_file), *own, "--key-file", str(self.key_file), *risk


def as_list(paths: Iterable[str]) -> str:
    """What goes to standard input where "-" stands for the sources: each path ended by NUL, which none can hold."""
    return "".join(f"{path}\0" for path in paths)


def survey(sources: Sequence[str], key_file: Path) -> tuple[str, ...]:
    """Read the values of all attributes. `sources` are SRC words, "-" for a list on standard input."""
    return "survey", *sources, "--show-phi", "--key-file", str(key_file), "--progress", "json"


def pixels(
    sources: Sequence[str], key_file: Path, rules: Sequence[Path] = (), read_text: bool = False
) -> tuple[str, ...]:
    """Look for pictures that may show text, and say what rules, and text recognition, would blank in them."""
    chosen = (*_each("--rules", rules), *(("--ocr",) if read_text else ()))
    return "pixels", *sources, *chosen, "--show-phi", "--key-file", str(key_file), "--progress", "json"


def picture(file: str, frame: int) -> tuple[str, ...]:
    """Show one frame, counted from 0, of a file."""
    return "picture", file, "--frame", str(frame), "--show-phi"


def faces(sources: Sequence[str], key_file: Path, pictures: Path, workers: int) -> tuple[str, ...]:
    """Look for heads, and write a picture of each before and after into the folder `pictures`."""
    places = "--pictures", str(pictures), "--key-file", str(key_file)
    return "faces", *sources, *places, "--workers", str(workers), "--show-phi", "--progress", "json"


def crosswalk_export(crosswalk: Path, folder: Path, key_file: Path) -> tuple[str, ...]:
    """Write a crosswalk's maps as CSV files into a folder."""
    return "crosswalk", "export", str(crosswalk), str(folder), "--key-file", str(key_file), "--progress", "json"


def crosswalk_import(crosswalk: Path, folder: Path, key_file: Path, encrypted: bool) -> tuple[str, ...]:
    """Add the CSV files in a folder to a crosswalk, which is made where there is none, `encrypted` or not."""
    words = "crosswalk", "import", str(crosswalk), str(folder), "--key-file", str(key_file), "--progress", "json"
    return (*words, "--encrypt-crosswalk") if encrypted else words


def reidentify(folder: Path, target: Path, crosswalk: Path, key_file: Path, workers: int) -> tuple[str, ...]:
    """Give de-identified files their originals' IDs, UIDs and dates back, in the new folder `target`."""
    secrets = "--crosswalk", str(crosswalk), "--key-file", str(key_file)
    return "reidentify", str(folder), str(target), *secrets, "--workers", str(workers), "--progress", "json"


def score(folder: Path, answers: Path, patients: Path | None, uids: Path | None) -> tuple[str, ...]:
    """Compare a de-identified folder with an answer key; the tables map old IDs and UIDs to new ones."""
    tables = (*_each("--patients", filter(None, (patients,))), *_each("--uids", filter(None, (uids,))))
    return "score", str(folder), "--answers", str(answers), *tables, "--progress", "json"


def preview(rules: Rules) -> tuple[str, ...]:
    """Show what becomes of the files listed on standard input."""
    return "preview", "-", "--show-phi", *rules.words()


@dataclass(frozen=True, slots=True)
class Extras:
    """What an export does beyond its rules.

    `pixel_rules` are files with rules for burned-in text, read before those that come with DicomSuite; `faces_refused`
    and `faces_absent` are targets of series whose faces were not taken out well enough, and of those in which the user
    saw none; `crosswalk` is where the way back is written and `pseudonyms` a table of given ones; `cluster` is the
    address of a Dask scheduler, which takes the place of this computer's processes. None and "" stand for none.
    """

    pixel_rules: tuple[Path, ...] = ()
    read_text: bool = False
    faces_refused: tuple[str, ...] = ()
    faces_absent: tuple[str, ...] = ()
    other_formats: bool = False
    crosswalk: Path | None = None
    encrypt_crosswalk: bool = False
    pseudonyms: Path | None = None
    refuse_unknown_patients: bool = False
    cluster: str = ""

    def words(self) -> tuple[str, ...]:
        """Their part of a command line."""
        return (
            *_each("--pixel-rules", self.pixel_rules),
            *(("--ocr",) if self.read_text else ()),
            *_each("--faces-refused", self.faces_refused),
            *_each("--faces-absent", self.faces_absent),
            *(("--other-formats",) if self.other_formats else ()),
            *_each("--crosswalk", filter(None, (self.crosswalk,))),
            *(("--encrypt-crosswalk",) if self.crosswalk and self.encrypt_crosswalk else ()),
            *_each("--pseudonyms", filter(None, (self.pseudonyms,))),
            *(("--unknown-patients", QUARANTINE) if self.pseudonyms and self.refuse_unknown_patients else ()),
        )


NO_EXTRAS = Extras()


def rehearsal(
    sources: Sequence[str], target: Path, rules: Rules, workers: int, extras: Extras = NO_EXTRAS
) -> tuple[str, ...]:
    """Count what would be done; that needs no cluster and leaves no crosswalk."""
    counted = replace(extras, crosswalk=None, cluster="")
    return *anonymize(sources, target, rules, workers, extras=counted), "--dry-run"


def anonymize(
    sources: Sequence[str],
    target: Path,
    rules: Rules,
    workers: int,
    pack: bool = False,
    extras: Extras = NO_EXTRAS,
) -> tuple[str, ...]:
    """De-identify into the new folder `target`, or into a ZIP archive in it."""
    place = ("--dask", extras.cluster) if extras.cluster else ("--workers", str(workers))
    words = "anonymize", *sources, str(target), *rules.words(), *place, "--progress", "json", *extras.words()
    return (*words, "--zip") if pack else words


def resumed(arguments: Sequence[str]) -> tuple[str, ...]:
    """The same run once more, finishing what was interrupted."""
    return tuple(arguments) if "--resume" in arguments else (*arguments, "--resume")


def _each(option: str, values: Iterable[object]) -> tuple[str, ...]:
    """The option before each of the values."""
    return tuple(word for value in values for word in (option, str(value)))
