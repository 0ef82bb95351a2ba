"""The synthetic study for a test of its own: written once in a process, and copied from then on."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from DicomSuiteLib.synthetic_study import SyntheticStudy, write_synthetic_study


def copied_study(folder: Path, *, seed: int = 0) -> SyntheticStudy:
    """Write what `write_synthetic_study` writes into `folder`, which must not hold it yet, in a tenth of the time."""
    study, contents = _original(seed)
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)

    def place(path: Path) -> Path:
        return folder / path.relative_to(study.folder)

    return replace(
        study,
        folder=folder,
        ct_files=tuple(map(place, study.ct_files)),
        structure_set_file=place(study.structure_set_file),
        ultrasound_file=place(study.ultrasound_file),
        mask_file=place(study.mask_file),
    )


@cache
def _original(seed: int) -> tuple[SyntheticStudy, dict[Path, bytes]]:
    """The study as it was written, and its files by their places in its folder."""
    with tempfile.TemporaryDirectory() as folder:
        study = write_synthetic_study(Path(folder), seed=seed)
        files = [path for path in study.folder.rglob("*") if path.is_file()]
        return study, {path.relative_to(study.folder): path.read_bytes() for path in files}
