"""report.html: the right verdict, readable by everybody, and nothing in it that is loaded, run or identifying."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import SecondaryCaptureImageStorage

from anonymize_runs import anonymize, read_report, write_key
from dicom_slices import write_slice, write_stack
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.report_html import render
from planted import planted_dataset

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
LOADING = {"audio", "base", "embed", "form", "iframe", "img", "input", "link", "object", "script", "video", "svg"}
HOSTILE = """</title></style><script src="http://evil.example/x.js">alert('1')</script><b onclick='x'>&amp;"""


# The page as a browser sees it


@dataclass
class Element:
    """One element: its tag, attributes, children, and the text directly and indirectly in it."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, *tags: str) -> list[Element]:
        """Elements with one of the tags, or all of them, in the order of the page."""
        found = [self] if self.tag in tags or not tags else []
        return found + [one for child in self.children if isinstance(child, Element) for one in child.all(*tags)]

    def classes(self) -> list[str]:
        return (self.attributes.get("class") or "").split()


class Page(HTMLParser):
    """Parses a page and fails where elements are not properly nested and closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]
        self.declarations: list[str] = []
        self.feed(html)
        self.close()
        assert [element.tag for element in self._open] == [""], "elements that are not closed"

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute of <{tag}> stands twice"
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(f"<{tag}/>")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> does not close what was opened last"

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"comment: {data}")


def page_of(report: dict) -> Element:
    return Page(render(report)).root


def section(page: Element, title: str) -> Element:
    """The section that begins with this heading."""
    (found,) = [one for one in page.all("section") if [heading.text for heading in one.all("h2")] == [title]]
    return found


def rows(table: Element) -> list[list[str]]:
    """The text of the body's cells."""
    return [[cell.text for cell in row.all("td", "th")] for body in table.all("tbody") for row in body.all("tr")]


# Reports


def run(folder: Path, *options: str) -> Path:
    """The finished output for what lies in the folder's `source`."""
    end = anonymize(folder / "source", folder / "out", write_key(folder / "key"), *options)
    assert end.code in (0, 3), end.errors
    return folder / "out"


def write_capture(folder: Path) -> None:
    write_slice(folder / "source" / "capture.dcm", SOPClassUID=SecondaryCaptureImageStorage)


def profile_with(folder: Path, *edits: dict[str, str], **content: object) -> str:
    path = folder / "profile.json"
    profile = {"schema": "dicomsuite-profile-1", "name": "site", "edits": list(edits)} | content
    path.write_text(json.dumps(profile), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Output folders by what is special about them."""
    made = {}
    for name in ("all written", "quarantined", "none written", "seventeen", "pixel risk", "keep", "replace", "remove"):
        folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
        if name != "none written":
            write_stack(folder / "source", [0.0, 1.0, 2.0], StudyDescription="Knee", PatientBirthDate="19610203")
        if name in ("quarantined", "none written", "pixel risk"):
            write_capture(folder)
        options = []
        if name in ("keep", "replace", "remove"):
            edit = {"attribute": "StudyDescription", "action": name} | ({"value": "Hand"} if name == "replace" else {})
            options = ["--profile-file", profile_with(folder, edit, title="Ours")]
        options += {"seventeen": ["--profile", "seventeen"], "pixel risk": ["--allow-pixel-risk"]}.get(name, [])
        made[name] = run(folder, *options)
    return made


@pytest.fixture(scope="module")
def full_report(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """A report in which every section of the page has something to say."""
    folder = tmp_path_factory.mktemp("full")
    write_stack(folder / "source", [0.0, 1.0], StudyDescription="Knee", PatientComments="tired", StudyDate="20200131")
    private = write_slice(folder / "source" / "private.dcm", StudyDate="20200131")
    add_private(private)
    write_capture(folder)
    edits = (
        {"attribute": "StudyDescription", "action": "keep"},
        {"attribute": "RequestAttributesSequence/(0040,0007)", "action": "remove"},
    )
    profile = profile_with(folder, *edits, title="Ours", notes="For us.", options=["modified-dates", "graphics"])
    return read_report(run(folder, "--profile-file", profile))


def add_private(path: Path) -> None:
    dataset = dcmread(path)
    dataset.add_new(0x00190010, "LO", "ACME")
    dataset.add_new(0x00191001, "LO", "secret")
    dataset.add_new(0x00291001, "LO", "secret")
    dataset.save_as(path)


# The verdict

WRITTEN = "3 files were de-identified according to PS3.15."
SEARCHED = "Each of them was searched for the original values of its own source before it was written."
NONE_REFUSED = "No file was quarantined."
REFUSED = "1 file was quarantined and left out of this folder; the reasons are below."
EDITED = "Edits of the profile let stay, or put in, what the standard would not: see below."


@pytest.mark.parametrize(
    ("name", "kind", "sign", "headline", "text"),
    [
        ("all written", "good", "✓", WRITTEN, f"{SEARCHED} {NONE_REFUSED}"),
        ("quarantined", "warn", "!", WRITTEN, f"{SEARCHED} {REFUSED}"),
        ("none written", "warn", "!", "No file was written.", REFUSED),
        (
            "pixel risk", "warn", "!", "4 files were de-identified according to PS3.15.",
            f"{SEARCHED} Pictures that may show text were let through, because the user asked for it.",
        ),
        ("keep", "warn", "!", WRITTEN, f"{SEARCHED} {EDITED}"),
        ("replace", "warn", "!", WRITTEN, f"{SEARCHED} {EDITED}"),
        ("remove", "good", "✓", WRITTEN, f"{SEARCHED} {NONE_REFUSED}"),
    ],
    ids=lambda value: value if value in ("good", "warn") else None,
)  # fmt: skip
def test_verdict_says_what_became_of_the_files(outputs, name, kind, sign, headline, text):
    (verdict,) = [one for one in page_of(read_report(outputs[name])).all("section") if "verdict" in one.classes()]
    assert verdict.classes() == ["verdict", kind]
    assert [one.text for one in verdict.all("span", "strong", "p")] == [sign, headline, text]


def test_verdict_of_the_seventeen_attributes_is_that_these_are_patient_data(outputs):
    page = page_of(read_report(outputs["seventeen"]))
    (verdict,) = [one for one in page.all("section") if "verdict" in one.classes()]
    assert verdict.classes() == ["verdict", "bad"]
    assert verdict.all("strong")[0].text == "This is not a de-identification according to PS3.15."
    assert "Only single attributes were changed in 3 files." in verdict.text
    assert "Treat the files as patient data." in verdict.text
    assert "(0012,0062) NO" in page.text
    assert "de-identified according to PS3.15" not in page.text


def test_verdict_is_the_first_thing_below_the_title(full_report):
    (main,) = page_of(full_report).all("main")
    elements = [child for child in main.children if isinstance(child, Element)]
    assert [one.tag for one in elements[:2]] == ["header", "section"]
    assert "verdict" in elements[1].classes()


# What else it says


def test_numbers_are_those_of_the_report(outputs):
    for name, output in outputs.items():
        report = read_report(output)
        page = page_of(report)
        (sum_,) = [one for one in page.all("div") if one.classes() == ["sum"]]
        numbers = [one.text for one in sum_.all("span") if one.classes() == ["number"]]
        files = report["files"]
        counted = [files[part] for part in ("in", "written", "quarantined", "not_dicom")]
        assert numbers == [str(count) for count in counted], name
        assert counted[0] == sum(counted[1:])


def test_every_action_is_listed_with_its_count(full_report):
    page = page_of(full_report)
    (table,) = section(page, "What was done, over all files").all("table")
    assert {row[0]: int(row[3]) for row in rows(table)} == full_report["actions"]
    assert all(row[1] != "other" for row in rows(table))


def test_every_changed_attribute_is_listed_with_its_rule_and_private_ones_together(full_report):
    tables = section(page_of(full_report), "Attributes").all("table")
    listed = {(row[1], row[2], int(row[3])) for table in tables for row in rows(table)}
    public = [one for one in full_report["attributes"] if one["rule"] != "private attribute"]
    private = [one for one in full_report["attributes"] if one["rule"] == "private attribute"]
    assert listed >= {(one["path"], one["rule"], one["count"]) for one in public}
    assert len(private) == 3
    assert listed - {(one["path"], one["rule"], one["count"]) for one in public} == {
        ("groups 0019, 0029", "private attribute", 3)
    }
    names = {row[1]: row[0] for table in tables for row in rows(table)}
    assert names["(0010,0010)"] == "Patient's Name"
    assert names["(0010,4000)"] == "Patient Comments"


def test_reasons_of_quarantined_files_are_counted_without_their_paths(outputs):
    report = read_report(outputs["quarantined"])
    page = page_of(report)
    (table,) = section(page, "Quarantined files").all("table")
    assert rows(table) == [[reason, str(count)] for reason, count in report["reasons"].items()]
    assert not [one["source"] for one in report["quarantined"] if one["source"] in render(report)]
    assert "Quarantined files" not in page_of(read_report(outputs["all written"])).text


def test_edits_are_listed_and_their_typed_values_are_not(outputs):
    page = page_of(read_report(outputs["replace"]))
    (table,) = section(page, "Edits of single attributes").all("table")
    assert rows(table) == [["StudyDescription", "replace by a typed text", "all files"]]
    assert "Hand" not in page.text


@pytest.mark.parametrize("option", Option, ids=lambda option: option.cli)
def test_option_is_named_with_its_code_and_with_what_it_lets_stay(full_report, option):
    report = copy.deepcopy(full_report)
    report["profile"]["options"] = [option.cli]
    report["method_codes"] = [["113100", "Basic Application Confidentiality Profile"], [option.code, option.meaning]]
    page = page_of(report)
    (codes,) = section(page, "Rules").all("table")
    assert rows(codes) == report["method_codes"]
    kept = section(page, "What the options let stay").all("li")
    assert len(kept) == 1
    report["profile"]["options"] = []
    assert section(page_of(report), "What the options let stay").all("li") == []


@pytest.mark.parametrize(
    ("dates", "words"),
    [("REMOVED", "Removed, emptied"), ("MODIFIED", "Shifted by one secret"), ("UNMODIFIED", "Unchanged.")],
)
def test_dates_and_markers_are_explained(full_report, dates, words):
    page = page_of(full_report | {"dates": dates})
    assert words in section(page, "Rules").text
    assert f"(0028,0303) {dates}" in page.text


@pytest.mark.parametrize("allowed", [False, True])
def test_what_is_not_covered_is_said_and_depends_on_the_pixel_gate(full_report, allowed):
    points = section(page_of(full_report | {"pixel_risk_allowed": allowed}), "What is not covered").all("li")
    assert len(points) >= 5
    assert ("let through on request" in points[0].text) == allowed


# Well formed, and readable by everybody


def pages(outputs: dict[str, Path], full_report: dict) -> list[Element]:
    return [*map(page_of, map(read_report, outputs.values())), page_of(full_report)]


def test_page_is_one_well_formed_document(outputs, full_report):
    for page in pages(outputs, full_report):
        (html,) = [child for child in page.children if isinstance(child, Element)]
        assert html.tag == "html"
        assert [child.tag for child in html.children if isinstance(child, Element)] == ["head", "body"]
        assert len(html.all("title")) == len(html.all("main")) == 1
    assert Page(render(full_report)).declarations == ["DOCTYPE html"]


def test_page_in_the_folder_is_the_one_of_its_report_in_utf_8(outputs):
    for output in outputs.values():
        page = (output / "report.html").read_bytes().decode("utf-8")
        assert page == render(read_report(output))
        assert Page(page).root.all("meta")[0].attributes == {"charset": "utf-8"}
        assert page.encode()[:1024].count(b'charset="utf-8"') == 1


def test_language_is_named(outputs, full_report):
    for page in pages(outputs, full_report):
        assert [html.attributes.get("lang") for html in page.all("html")] == ["en"]


def test_headings_descend_in_order(outputs, full_report):
    for page in pages(outputs, full_report):
        headings = page.all("h1", "h2", "h3", "h4", "h5", "h6")
        levels = [int(heading.tag[1]) for heading in headings]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
        assert all(heading.text.strip() for heading in headings)


def test_tables_have_a_header_cell_for_every_column_that_says_something(outputs, full_report):
    for page in pages(outputs, full_report):
        assert page.all("table")
        for table in page.all("table"):
            (head,) = table.all("thead")
            headers = head.all("th")
            assert [header.attributes.get("scope") for header in headers] == ["col"] * len(headers)
            assert {len(row) for row in rows(table)} == {len(headers)}
            silent = [number for number, header in enumerate(headers) if not header.text.strip()]
            assert not [row for row in rows(table) for number in silent if row[number].strip()]


def test_signs_that_are_only_seen_are_hidden_from_screen_readers(full_report):
    signs = [one for one in page_of(full_report).all("span") if "sign" in one.classes()]
    assert [sign.attributes.get("aria-hidden") for sign in signs] == ["true"]


# Nothing loaded, run or smuggled in


def assert_harmless(page: Element) -> None:
    for element in page.all():
        assert element.tag not in LOADING
        for name, value in element.attributes.items():
            assert name not in ("src", "href", "srcset", "action", "formaction", "background", "data", "ping")
            assert not name.startswith("on")
            assert not re.search(r"https?:|//|javascript:|url\(|@import|expression", value or "", re.IGNORECASE)
        if element.tag == "meta":
            assert "http-equiv" not in element.attributes
    for style in page.all("style"):
        assert not re.search(r"https?:|//|url\(|@import|@font-face|expression", style.text, re.IGNORECASE)


def test_nothing_is_loaded_or_run(outputs, full_report):
    for page in pages(outputs, full_report):
        assert_harmless(page)


def place(*path: str | int) -> Callable[[dict, str], None]:
    """Puts a text at this place of the report."""

    def put(report: dict, text: str) -> None:
        inside = report
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = text

    return put


def as_key(*path: str) -> Callable[[dict, str], None]:
    """Makes the text a key there, with a count."""
    return lambda report, text: report[path[0]].update({text: 3})


PLACES = {
    "tool": place("tool"),
    "edition": place("edition"),
    "title": place("profile", "title"),
    "name": place("profile", "name"),
    "notes": place("profile", "notes"),
    "digest": place("profile_digest"),
    "method": place("method"),
    "code": place("method_codes", 0, 0),
    "meaning": place("method_codes", 0, 1),
    "dates": place("dates"),
    "edited attribute": place("profile", "edits", 0, "attribute"),
    "scope": place("profile", "edits", 0, "scope"),
    "reason": as_key("reasons"),
    "action": as_key("actions"),
    "path": place("attributes", 0, "path"),
    "rule": place("attributes", 0, "rule"),
    "action of an attribute": place("attributes", 0, "action"),
}


@pytest.mark.parametrize("put", PLACES.values(), ids=PLACES)
def test_text_of_the_report_never_becomes_markup(full_report, put):
    pages = []
    for text in ("harmless", HOSTILE):
        report = copy.deepcopy(full_report)
        put(report, text)
        pages.append(page_of(report))
    harmless, hostile = pages
    assert_harmless(hostile)
    assert Counter(one.tag for one in hostile.all()) == Counter(one.tag for one in harmless.all())
    assert [sorted(one.attributes) for one in hostile.all()] == [sorted(one.attributes) for one in harmless.all()]
    assert hostile.text.count(HOSTILE) == harmless.text.count("harmless") > 0


def test_hostile_profile_file_ends_as_text(tmp_path):
    write_slice(tmp_path / "source" / "1.dcm")
    output = run(tmp_path, "--profile-file", profile_with(tmp_path, name=HOSTILE, title=HOSTILE, notes=HOSTILE))
    page = Page((output / "report.html").read_text(encoding="utf-8")).root
    assert_harmless(page)
    assert page.text.count(HOSTILE) == 3


# The same each time, and of nobody


def test_page_depends_on_the_content_of_the_report_alone(full_report):
    def reversed_(value):
        return {name: reversed_(value[name]) for name in reversed(value)} if isinstance(value, dict) else value

    assert list(reversed_(full_report)) != list(full_report)
    assert render(reversed_(full_report)) == render(full_report)


def test_page_is_the_same_for_the_same_files_elsewhere(outputs, tmp_path):
    write_stack(tmp_path / "source", [0.0, 1.0, 2.0], StudyDescription="Knee", PatientBirthDate="19610203")
    assert (run(tmp_path) / "report.html").read_bytes() == (outputs["all written"] / "report.html").read_bytes()


@pytest.mark.parametrize("profile", ["basic", "research", "teaching", "seventeen"])
def test_nothing_planted_in_a_source_or_its_path_is_on_the_page(tmp_path, profile):
    planted = planted_dataset()
    source = tmp_path / "source" / "Mayerhofer^Anna"
    source.mkdir(parents=True)
    (source / "Mayerhofer.dcm").write_bytes(planted.part10())
    (source / "Mayerhofer broken.dcm").write_bytes(planted.part10()[:5000])
    page = (run(tmp_path, "--profile", profile) / "report.html").read_bytes()
    assert len(planted.unmistakable) > 1000
    assert [place for place, value in planted.unmistakable.items() if value.lower() in page.lower()] == []
    assert b"Mayerhofer" not in page
    assert str(tmp_path).encode() not in page
