"""The command lines with which a panel runs this module's commands, so that both do the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rules:
    """What is done to the files: a saved profile, the key, and whether risky pixels may pass."""

    profile_file: Path
    key_file: Path
    allow_pixel_risk: bool = False

    def words(self) -> tuple[str, ...]:
        """Their part of a command line."""
        risk = ("--allow-pixel-risk",) if self.allow_pixel_risk else ()
        return "--profile-file", str(self.profile_file), "--key-file", str(self.key_file), *risk


def as_list(paths: Iterable[str]) -> str:
    """What goes to standard input where "-" stands for the sources: each path ended by NUL, which none can hold."""
    return "".join(f"{path}\0" for path in paths)


def survey(sources: Sequence[str], key_file: Path) -> tuple[str, ...]:
    """Read the values of all attributes. `sources` are SRC words, "-" for a list on standard input."""
    return "survey", *sources, "--show-phi", "--key-file", str(key_file), "--progress", "json"


def preview(rules: Rules) -> tuple[str, ...]:
    """Show what becomes of the files listed on standard input."""
    return "preview", "-", "--show-phi", *rules.words()


def rehearsal(sources: Sequence[str], target: Path, rules: Rules, workers: int) -> tuple[str, ...]:
    """Count what would be done."""
    return *anonymize(sources, target, rules, workers), "--dry-run"


def anonymize(
    sources: Sequence[str], target: Path, rules: Rules, workers: int, pack: bool = False
) -> tuple[str, ...]:
    """De-identify into the new folder `target`, or into a ZIP archive in it."""
    words = "anonymize", *sources, str(target), *rules.words(), "--workers", str(workers), "--progress", "json"
    return (*words, "--zip") if pack else words


def resumed(arguments: Sequence[str]) -> tuple[str, ...]:
    """The same run once more, finishing what was interrupted."""
    return tuple(arguments) if "--resume" in arguments else (*arguments, "--resume")
