"""`dicomsuite demo OUT`: DicomSuite's jobs, one by one, on a study of a patient who does not exist."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from DicomSuiteLib.command_output import EXIT_SOME_REFUSED
from DicomSuiteLib.errors import DicomSuiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from DicomSuiteLib.synthetic_study import SyntheticStudy

SUMMARY = (
    "write a synthetic study, de-identify and verify it, lay masks over it, make pictures, super-resolve a drawn head, "
    "and say what was done"
)

EXIT_DONE = 0
EXIT_FAILED = 1

_MARKER_NAME = "DICOMSUITE-DEMO.txt"
_REWRITTEN = ("source", "deidentified", "overlay", "pictures", "head", "superres")
_DEMO_FACTOR = "4"
"""Thin slices that make a thick one."""
_DEMO_MODES = ("skin-and-bone", "ct-mip")
_MARKER_TEXT = (
    f"Written by 'dicomsuite demo', which deletes {', '.join(_REWRITTEN)} here when it runs again.\n"
)


class DemoError(DicomSuiteError):
    """The demo's folder or the report it reads is not as the demo needs it."""


@dataclass(frozen=True)
class Demo:
    """Where one run of the demo reads and writes; `study` is None when the user brought a folder."""

    out: Path
    source: Path
    study: SyntheticStudy | None

    @property
    def deidentified(self) -> Path:
        """The folder that may be given away."""
        return self.out / "deidentified"

    @property
    def overlay(self) -> Path:
        """The folder with pictures and measures of the masks."""
        return self.out / "overlay"

    @property
    def pictures(self) -> Path:
        """The folder with pictures of the copy."""
        return self.out / "pictures"

    @property
    def head(self) -> Path:
        """The folder with a drawn head, and a pair of fine and coarse volumes made of it."""
        return self.out / "head"

    @property
    def superres(self) -> Path:
        """The folder with what super-resolution made of the coarse volume."""
        return self.out / "superres"

    @property
    def key_file(self) -> Path:
        """The key of the pseudonyms; kept when the demo runs again, so that they stay the same."""
        return self.out / "secret" / "key"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("out", type=Path, metavar="OUT", help="where to write everything; new or empty")
    parser.add_argument(
        "--input", type=Path, metavar="FOLDER", help="take this DICOM folder, not a synthetic study"
    )


def run(args: argparse.Namespace) -> int:
    """Run every step; 0 if all ended as they should, 3 if some of the user's files were refused, else 1."""
    demo = _prepare(args.out, args.input)
    worst = EXIT_DONE
    for number, step in enumerate(STEPS, start=1):
        _say(f"\n{number}. ", end="")
        code = step(demo)
        if code not in (EXIT_DONE, EXIT_SOME_REFUSED):
            _say(f"\nThe demo stopped here with exit code {code}.")
            return code
        worst = max(worst, code)
    _say_where_everything_is(demo)
    return worst


def _prepare(out: Path, given: Path | None) -> Demo:
    """Make `out` ready, and write the study into it unless the user has given a folder."""
    if given is not None:
        _refuse_overlap(out, given)
    try:
        _claim_folder(out)
        return _with_own_study(out) if given is None else Demo(out, given, None)
    except OSError as error:
        reason = error.strerror or error
        raise DemoError(f"{out} cannot be used for the demo: {reason}; name another folder.") from error


def _claim_folder(out: Path) -> None:
    """Mark `out` as the demo's, and delete what an earlier demo wrote there but never anything else."""
    marker = out / _MARKER_NAME
    if out.exists() and any(out.iterdir()) and not marker.is_file():
        raise DemoError(
            f"{out} is not empty and not from an earlier demo; name a folder that does not exist yet."
        )
    out.mkdir(parents=True, exist_ok=True)
    marker.write_text(_MARKER_TEXT, encoding="utf-8")
    for name in _REWRITTEN:
        if (out / name).exists():
            shutil.rmtree(out / name)


def _refuse_overlap(out: Path, given: Path) -> None:
    if not given.is_dir():
        raise UsageError(f"{given} is not a folder; --input takes a folder of DICOM files.")
    inner, outer = out.resolve(), given.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise UsageError(f"{out} and {given} lie inside one another; name an OUT elsewhere.")


def _with_own_study(out: Path) -> Demo:
    from DicomSuiteLib.synthetic_study import write_synthetic_study

    study = write_synthetic_study(out / "source")
    _say(
        f"Wrote a synthetic study of a patient who does not exist: {len(study.ct_files)} CT slices,\n"
        "one RTSTRUCT, one ultrasound capture with the patient's name in its picture, one mask (NRRD).\n"
        f"{len(study.planted)} identifying strings are planted in it."
    )
    return Demo(out, study.folder, study)


def _deidentify(demo: Demo) -> int:
    """Run `dicomsuite anonymize`; of the demo's own study exactly the ultrasound capture must be refused."""
    arguments = [str(demo.source), str(demo.deidentified), "--key-file", str(demo.key_file)]
    code = _run_command("De-identify the study", "anonymize", [*arguments, "--progress", "none"])
    if demo.study is None or code not in (EXIT_DONE, EXIT_SOME_REFUSED):
        return code
    files = _counted_files(demo.deidentified / "report.json")
    as_expected = (files["written"], files["quarantined"]) == (len(demo.study.dicom_files) - 1, 1)
    return EXIT_DONE if as_expected else EXIT_FAILED


def _verify(demo: Demo) -> int:
    """Run `dicomsuite verify` against the source."""
    return _run_command("Verify the copy", "verify", [str(demo.deidentified), "--against", str(demo.source)])


def _search_planted_strings(demo: Demo) -> int:
    """Count by simple search, apart from the engine's own check, what is left of the planted strings."""
    if demo.study is None:
        _say("No strings were planted in your folder, so there are none to search for.")
        return EXIT_DONE
    left = count_strings(demo.deidentified, demo.study.planted)
    before = count_strings(demo.source, demo.study.planted)
    _say(f"Searched every byte and file name for the {len(demo.study.planted)} planted strings:")
    _say(f"   {before} places in the source, {left} in the de-identified copy.")
    return EXIT_DONE if before and not left else EXIT_FAILED


def _overlay(demo: Demo) -> int:
    """Run `dicomsuite overlay` on the copy: contours and mask of the original must still lie where they belong."""
    if demo.study is None:
        _say("'dicomsuite overlay VOLUME MASK --out DIR' lays masks over your images; which belong together, you know.")
        return EXIT_DONE
    masks = [str(demo.deidentified), str(demo.study.mask_file)]
    options = ["--compare", "1", "2", "--stats", "--report", "--progress", "none"]
    arguments = [str(demo.deidentified), *masks, "--out", str(demo.overlay), *options]
    return _run_command("Lay the contours and the mask of the lesion over the copy", "overlay", arguments)


def _render(demo: Demo) -> int:
    """Run `dicomsuite render` on the copy: slices always, 3D where slicer-core is installed."""
    if demo.study is None:
        _say("'dicomsuite render VOLUME --out DIR --report' makes pictures of your images; which ones, you know.")
        return EXIT_DONE
    arguments = [str(demo.deidentified), "--out", str(demo.pictures), "--slices"]
    arguments += ["axial:middle", "coronal:middle", "sagittal:middle", "--scale", "1", "--report", "--progress", "none"]
    if find_spec("slicer") is not None:
        arguments += [word for mode in _DEMO_MODES for word in ("--mode", mode)]
        arguments += ["--size", "480x480", "--turntable", "12"]
    else:
        _say("(3D pictures need slicer-core: pip install '.[slicer]'.)\n   ", end="")
    return _run_command("Make pictures of the copy", "render", arguments)


def _superres(demo: Demo) -> int:
    """Make thick slices of a drawn head by `dicomsuite preprocess`, thin ones of them by `dicomsuite superres`."""
    if demo.study is None:
        _say("'dicomsuite superres VOLUME --out DIR --report' makes thin slices of your MRI; which one, you know.")
        return EXIT_DONE
    if find_spec("torch") is None or find_spec("safetensors") is None:
        _say("Super-resolution needs PyTorch: pip install '.[superres]', then run the demo again.")
        return EXIT_DONE
    pair = demo.head / "pair"
    code = _run_command(
        "Make thick slices of a head that is drawn, not anybody's",
        "preprocess",
        [str(_drawn_head(demo)), "--out", str(pair), "--pairs", _DEMO_FACTOR, "--noise", "1", "--progress", "none"],
    )
    if code != EXIT_DONE:
        return code
    fine, coarse = (pair / f"1-head-{kind}.nrrd" for kind in ("high", "low"))
    return _run_command(
        "Make them thin again, and measure the result and cubic interpolation against the truth",
        "superres",
        [str(coarse), "--out", str(demo.superres), "--compare", str(fine), "--report", "--progress", "none"],
    )


def _drawn_head(demo: Demo) -> Path:
    from DicomSuiteLib.synthetic_head import synthetic_head
    from DicomSuiteLib.volume_file import write_volume_nrrd

    head = synthetic_head()
    demo.head.mkdir()
    path = demo.head / "head.nrrd"
    write_volume_nrrd(path, head.voxels, head.grid.nominal_geometry)
    return path


STEPS: tuple[Callable[[Demo], int], ...] = (_deidentify, _verify, _search_planted_strings, _overlay, _render, _superres)
"""What the demo shows, in order; each step says what it does and returns an exit code."""


def count_strings(folder: Path, strings: tuple[str, ...]) -> int:
    """How often `strings` occur in names and bytes below `folder`, as UTF-8, Latin-1 or JSON's escapes."""
    needles = {spelling for string in strings for spelling in _spellings(string)}
    return sum(text.count(needle) for text in _names_and_contents(folder) for needle in needles)


def _spellings(string: str) -> tuple[bytes, ...]:
    escaped = json.dumps(string)[1:-1]
    return string.encode("utf-8"), string.encode("latin-1", "ignore"), escaped.encode("ascii")


def _names_and_contents(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        yield path.name.encode("utf-8", "surrogateescape")
        if path.is_file():
            yield path.read_bytes()


def _run_command(purpose: str, name: str, arguments: list[str]) -> int:
    """Run another `dicomsuite` command as the user would, after showing what for and its command line."""
    import shlex

    from DicomSuiteLib import cli

    _say(f"{purpose}:\n   $ dicomsuite {shlex.join([name, *arguments])}")
    sys.stdout.flush()
    return cli.main([name, *arguments])


def _counted_files(report: Path) -> dict[str, int]:
    """How many files a de-identification has written, quarantined and passed over, by its own report."""
    try:
        return json.loads(report.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise DemoError(f"{report} is not a report of 'dicomsuite anonymize'; run the demo again.") from error


def _say_where_everything_is(demo: Demo) -> None:
    _say("\nDone. Look at:")
    places = {
        "source": demo.source,
        "de-identified copy": demo.deidentified,
        "report to read": demo.deidentified / "report.html",
        "report for programs": demo.deidentified / "report.json",
        "key (keep it secret)": demo.key_file,
    }
    if demo.study is not None:
        places["masks on the images"] = demo.overlay / "report.html"
        places["pictures"] = demo.pictures / "report.html"
        if demo.superres.is_dir():
            places["thin slices"] = demo.superres / "report.html"
    for what, path in places.items():
        _say(f"  {what:<21} {path}")


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
