"""The .s4ext file, by which Slicer's Extensions Manager knows an extension and the revision that it was made from."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from cmake_lists import read_extension

_OLDEST_ZIP_TIME = 315_532_800
"""1980-01-01 in seconds after 1970 (UTC): no entry of a ZIP archive can be older."""


@dataclass(frozen=True)
class Checkout:
    """Where the sources come from; `seconds` is the time of the last commit, after 1970 (UTC)."""

    scm: str
    revision: str
    seconds: int

    @classmethod
    def of(cls, root: Path) -> Checkout:
        """Ask git about `root`; sources without a repository are "local", as in Slicer's own build."""
        if not (root / ".git").exists():
            return cls("local", "NA", _OLDEST_ZIP_TIME)
        revision = _git(root, "describe", "--always", "--exclude=*", "--abbrev=7", "--dirty")
        return cls("git", revision, int(_git(root, "show", "--no-patch", "--format=%ct", "HEAD")))

    @property
    def label(self) -> str:
        """The part of the archive's name that tells two builds of the same extension apart."""
        return f"{self.scm}{self.revision}-{time.strftime('%Y-%m-%d', time.gmtime(self.seconds))}"


def description(root: Path, checkout: Checkout) -> str:
    """The .s4ext file: a keyword and its value in each line."""
    extension = read_extension(root)
    entry = json.loads((root / f"{extension.name}.json").read_text(encoding="utf-8"))

    def joined(key: str, separator: str = " ") -> str:
        return separator.join(extension.metadata.get(key, ()))

    values = {
        "scm": checkout.scm,
        # Not the checkout's own remote, which may be private to the machine that builds.
        "scmurl": entry["scm_url"],
        "scmrevision": checkout.revision,
        "depends": joined("DEPENDS") or "NA",
        "recommends": joined("RECOMMENDS") or "NA",
        "build_subdirectory": entry["build_subdirectory"],
        "homepage": extension.text("HOMEPAGE"),
        "contributors": joined("CONTRIBUTORS", ", "),
        "category": extension.text("CATEGORY"),
        "iconurl": extension.text("ICONURL"),
        "status": extension.text("STATUS"),
        "tier": str(entry["tier"]),
        "description": extension.text("DESCRIPTION").replace("\n", "<br>"),
        "screenshoturls": joined("SCREENSHOTURLS"),
        "enabled": extension.text("ENABLED") or "1",
        "dicom_support_rule": extension.text("DICOM_SUPPORT_RULE"),
        "keywords": joined("KEYWORDS"),
    }
    return "".join(f"{key} {value}".rstrip() + "\n" for key, value in values.items())


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
