"""What Slicer's Extensions Index checks before it lists an extension, as far as that needs no network.

The rules are those of scripts/check_description_files.py and of the submission checklist in Slicer/ExtensionsIndex.
Online only: that the addresses answer, and that the repository has the topic 3d-slicer-extension.
"""

import json
import re
import shutil
import struct
import subprocess
from pathlib import Path

import jsonschema
import pytest

from cmake_lists import read_extension

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = ("De-identify a study", "Lay masks over a volume", "Make pictures", "Make thin slices from thick ones")
EXTENSION = read_extension(ROOT)
INDEX_FILE = ROOT / f"{EXTENSION.name}.json"
ENTRY = json.loads(INDEX_FILE.read_text(encoding="utf-8"))
CMAKE = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")

TEXT = {"type": "string", "minLength": 1}
SCHEMA = {
    "type": "object",
    "required": ["$schema", "category", "scm_url"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"pattern": r"/slicer-extension-catalog-entry-schema-v1\.0\.2\.json#$"},
        "build_dependencies": {"type": "array", "items": TEXT},
        "build_subdirectory": TEXT,
        "category": TEXT,
        "dicom_support_rule": TEXT,
        "enabled": {"type": "boolean"},
        "scm_revision": TEXT,
        "scm_type": {"enum": ["git", "local"]},
        "scm_url": {"type": "string", "pattern": r"^(https|git)://"},
        "tier": {"type": "integer", "minimum": 1, "maximum": 5},
    },
}
"""Version 1.0.2 of the entry's schema, with the address restricted to the schemes that the index takes."""

CATEGORIES = {"Analysis", "DICOM", "Informatics", "Radiotherapy", "Rendering", "Segmentation", "Utilities"}
"""Those of the index's categories that would suit this extension; the index refuses new ones."""

KNOWN_EXTENSIONS = {"PyTorch", "SlicerRT"}
"""Extensions of the index that this one may ask for."""

LICENCE_FILES = {"LICENSE", "LICENCE", "License.txt", "license.txt", "LICENSE.txt", "COPYING", "COPYING.txt"}
ICON_SIZE = (128, 128)
SMALLEST_SCREENSHOT, LARGEST_SCREENSHOT = 300, 3000  # pixels, either side
LARGEST_PICTURE = 1 << 20  # bytes
LARGEST_REPOSITORY = 100 << 20  # bytes


def png_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels."""
    header = path.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n"), f"{path} is no PNG"
    width, height = struct.unpack(">II", header[16:])
    return width, height


def picture(url: str) -> Path:
    """The file of this repository that a raw address of GitHub points to."""
    repository = ENTRY["scm_url"].removesuffix(".git").removeprefix("https://github.com/")
    base = f"https://raw.githubusercontent.com/{repository}/{ENTRY['scm_revision']}/"
    assert url.startswith(base), f"{url} is not in the repository and branch of the index entry"
    return ROOT / url.removeprefix(base)


def section(heading: str) -> str:
    """The README's text from a second-level heading, given as a pattern, to the next."""
    parts = re.split(r"^## (.*)$", README, flags=re.MULTILINE)
    found = [body for title, body in zip(parts[1::2], parts[2::2], strict=True) if re.search(heading, title)]
    assert len(found) == 1, f"{len(found)} sections of the README are called like {heading!r}"
    return found[0]


def test_entry_follows_the_schema() -> None:
    jsonschema.validate(ENTRY, SCHEMA)


def test_entry_is_formatted_as_the_index_wants_it() -> None:
    content = INDEX_FILE.read_bytes()
    assert b"\r" not in content
    assert b"\t" not in content
    assert content.decode() == json.dumps(ENTRY, indent=2) + "\n"
    assert list(ENTRY) == sorted(ENTRY)


def test_extension_and_repository_have_the_names_that_the_index_asks_for() -> None:
    assert INDEX_FILE.exists()
    assert not EXTENSION.name.lower().startswith("slicer")
    assert ENTRY["scm_url"].rpartition("/")[2] == f"Slicer{EXTENSION.name}.git"


def test_category_is_one_of_the_index_and_of_the_cmake_file() -> None:
    assert ENTRY["category"] in CATEGORIES
    assert EXTENSION.text("CATEGORY") == ENTRY["category"]


def test_dependencies_exist_and_are_those_of_the_cmake_file() -> None:
    assert set(ENTRY["build_dependencies"]) <= KNOWN_EXTENSIONS
    assert EXTENSION.metadata["DEPENDS"] == (tuple(ENTRY["build_dependencies"]) or ("NA",))
    assert set(EXTENSION.metadata.get("RECOMMENDS", ())) <= KNOWN_EXTENSIONS


def test_entry_and_cmake_file_tell_the_same() -> None:
    assert EXTENSION.text("HOMEPAGE") + ".git" == ENTRY["scm_url"]
    assert (EXTENSION.text("TIER") or "1") == str(ENTRY["tier"])
    assert (EXTENSION.text("BUILD_SUBDIRECTORY") or ".") == ENTRY["build_subdirectory"]


def test_index_finds_name_and_pictures_with_its_own_patterns() -> None:
    project = re.search(r"project\s*\(\s*([^\s)]+)", CMAKE, re.IGNORECASE)
    icon = re.search(r'set\s*\(EXTENSION_ICONURL\s*"([^"]+)" *\)', CMAKE)
    screenshots = re.search(r'set\s*\(EXTENSION_SCREENSHOTURLS\s*"([^"]+)"\)', CMAKE)
    assert project and icon and screenshots
    assert project[1] == INDEX_FILE.stem
    assert icon[1] == EXTENSION.text("ICONURL")
    assert screenshots[1] == EXTENSION.text("SCREENSHOTURLS")


@pytest.mark.parametrize("key", ["CATEGORY", "CONTRIBUTORS", "DESCRIPTION", "HOMEPAGE", "ICONURL"])
def test_metadata_is_one_text_without_a_semicolon(key: str) -> None:
    assert EXTENSION.text(key)
    assert ";" not in EXTENSION.text(key)


def test_description_is_one_or_two_sentences() -> None:
    text = EXTENSION.text("DESCRIPTION")
    assert text.endswith(".")
    assert 1 <= len(re.findall(r"\.(?= [A-Z]|$)", text)) <= 2


def test_icon_has_the_size_that_the_extensions_manager_shows() -> None:
    icon = picture(EXTENSION.text("ICONURL"))
    assert png_size(icon) == ICON_SIZE
    assert icon.stat().st_size < LARGEST_PICTURE


def test_screenshots_are_pictures_of_a_size_that_can_be_read_and_loaded() -> None:
    urls = EXTENSION.text("SCREENSHOTURLS").split()
    assert urls
    for file in map(picture, urls):
        assert all(SMALLEST_SCREENSHOT <= side <= LARGEST_SCREENSHOT for side in png_size(file)), file
        assert file.stat().st_size < LARGEST_PICTURE, file


def test_licence_is_in_a_file_that_the_index_finds_and_the_readme_names_it() -> None:
    (file,) = (ROOT / name for name in LICENCE_FILES if (ROOT / name).is_file())
    words = " ".join(file.read_text(encoding="utf-8").split())
    assert words.startswith("Apache License Version 2.0, January 2004")
    assert "END OF TERMS AND CONDITIONS" in words
    assert "Apache License 2.0" in section("^Licen[cs]e$")


def test_readme_begins_with_the_name_and_what_the_extension_is_for() -> None:
    title, _, introduction, *_ = README.split("\n", 3)
    assert title == f"# {EXTENSION.name}"
    assert EXTENSION.name in introduction


def test_readme_shows_a_picture_before_anything_else() -> None:
    found = re.search(r"!\[([^\]]+)\]\(([^)]+)\)", README.split("\n## ")[0])
    assert found, "no picture in the introduction"
    assert len(found[1].split()) >= 3, "the picture has no description"
    assert (ROOT / found[2]).is_file()


@pytest.mark.parametrize("module", EXTENSION.folders)
def test_readme_has_a_sentence_for_every_module(module: str) -> None:
    assert re.search(rf"^\| {module} \| [A-Z][^|]+\. \|", README, re.MULTILINE)


def test_readme_has_a_tutorial_in_steps_on_data_that_anyone_has() -> None:
    for purpose in TUTORIALS:
        tutorial = section(f"^{purpose} in Slicer, step by step$")
        assert len(re.findall(r"^\d\. \*\*", tutorial, re.MULTILINE)) >= 4
        assert "demonstration" in tutorial


def test_readme_says_what_leaves_the_computer() -> None:
    assert "no network connection" in section("^Privacy$")


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="only git knows what belongs to the repository"
)
def test_repository_is_small_enough() -> None:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name]
    assert sum(file.stat().st_size for file in files if file.is_file()) < LARGEST_REPOSITORY
