"""Builds the archives for "Install from file..." in Slicer's Extensions Manager, without a build of Slicer.

What goes in is what CMake would install: the files that the modules' CMake lists name. Slicer also adds byte code;
it is left out, because Python makes its own and archives without it are the same bytes on every machine.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import sys
import tarfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cmake_lists import read_extension, read_module
from extension_description import Checkout, description

ROOT = Path(__file__).resolve().parents[1]
SLICER_VERSION = "5.12"
SLICER_REVISION = "34627"
"""Revision of Slicer 5.12.3; "About 3D Slicer" shows the one at hand. Only macOS insists on the right one."""

_FILE_MODE = 0o644


class System(Enum):
    """Slicer's name of an operating system and of the processors that Slicer is built for there."""

    LINUX = "linux-amd64"
    MACOS = "macosx-amd64"
    WINDOWS = "win-amd64"


@dataclass(frozen=True)
class Slicer:
    """The application that an archive is for."""

    version: str = SLICER_VERSION
    revision: str = SLICER_REVISION


def contents(root: Path, checkout: Checkout, slicer: Slicer) -> dict[str, bytes]:
    """Every file of the installed extension by its path below the extension's folder."""
    extension = read_extension(root)
    library, share = f"lib/Slicer-{slicer.version}/qt-scripted-modules", f"share/Slicer-{slicer.version}"
    files = {
        f"{share}/{extension.name}.s4ext": description(root, checkout).encode(),
        f"{share}/LICENSE.txt": (root / "LICENSE.txt").read_bytes(),
    }
    for folder in extension.folders:
        module = read_module(root / folder)
        for name in (*module.scripts, *module.resources):
            files[f"{library}/{name}"] = (root / folder / name).read_bytes()
    return files


def write_archive(root: Path, output: Path, system: System, slicer: Slicer) -> Path:
    """Write the archive for one system into the folder `output`; a reader never sees half of it."""
    checkout = Checkout.of(root)
    name = read_extension(root).name
    # Slicer takes any top folder; a short one keeps the paths below the 260 characters of Windows.
    top = f"{name}/Slicer.app/Contents/Extensions-{slicer.revision}/{name}" if system is System.MACOS else name
    files = {f"{top}/{path}": data for path, data in sorted(contents(root, checkout, slicer).items())}
    pack = _zip if system is System.WINDOWS else _tar_gz
    suffix = ".zip" if system is System.WINDOWS else ".tar.gz"
    target = output / f"{slicer.revision}-{system.value}-{name}-{checkout.label}{suffix}"
    part = target.with_name(target.name + ".part")
    part.write_bytes(pack(files, checkout.seconds))
    return part.replace(target)


def _tar_gz(files: Mapping[str, bytes], seconds: int) -> bytes:
    """The files, all written at `seconds` after 1970 (UTC) by nobody in particular."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=seconds) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(data), seconds, _FILE_MODE
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _zip(files: Mapping[str, bytes], seconds: int) -> bytes:
    """As `_tar_gz`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, time.gmtime(seconds)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Otherwise the field says on which system the archive was written.
            entry.create_system, entry.external_attr = 3, _FILE_MODE << 16
            archive.writestr(entry, data)
    return packed.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Write one archive for each system, and list them with their SHA-256."""
    parser = argparse.ArgumentParser(description="Build the archives for Slicer's Extensions Manager.")
    parser.add_argument("output", type=Path, metavar="OUT", help="folder for the archives; made if it is not there")
    parser.add_argument("--slicer-version", default=SLICER_VERSION, metavar="X.Y", help="default: %(default)s")
    parser.add_argument(
        "--slicer-revision",
        default=SLICER_REVISION,
        metavar="N",
        help='the number in "About 3D Slicer"; on macOS it must be the right one (default: %(default)s, Slicer 5.12.3)',
    )
    chosen = parser.parse_args(arguments)
    chosen.output.mkdir(parents=True, exist_ok=True)
    for system in System:
        path = write_archive(ROOT, chosen.output, system, Slicer(chosen.slicer_version, chosen.slicer_revision))
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
