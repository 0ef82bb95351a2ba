"""`dicomsuite verify` finds what was planted in a finished output folder, and says where but never what."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage

from anonymize_runs import Ended, anonymize, tree, write_key
from dicom_slices import write_slice, write_stack
from DicomSuiteAnonymizeLib.verification.verify_findings import Check
from DicomSuiteLib import cli

NAME, PATIENT_ID, ROOT = "Mayerhofer^Annegret", "HOSP-471142", "1.2.826.0.1.3680043.9.7133"
PRIVATE_TEXT, FOREIGN_DATE = "Quackenbush", "20200131"
TELLING = ("Mayerhofer", "Annegret", PATIENT_ID, ROOT, PRIVATE_TEXT, FOREIGN_DATE)
"""What the sources hold, or a damage puts in, and no output of the command may."""

Location = tuple[str, str, str]
"""Check, file ("X" for the damaged one) and attribute of a finding."""
REWRITTEN: Location = ("audit trail", "X", "")
"""Found with every damage to a file's header: its SHA-256 is no longer the one in the audit trail."""


# Finished output folders


@dataclass(frozen=True)
class Run:
    """A source and what a run made of it."""

    source: Path
    target: Path


def new_run(folder: Path, *options: str) -> Run:
    """Two studies of one patient and one of another, a capture that is refused, and a letter."""
    source = folder / "source"
    identity = {"PatientName": NAME, "PatientID": PATIENT_ID, "PatientBirthDate": "19610203"}
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CTImageStorage, f"{ROOT}.1.9"
    for study, day in (("1", "20191230"), ("2", "20200302")):
        write_stack(
            source / study, [0.0, 2.5], StudyInstanceUID=f"{ROOT}.{study}", SeriesInstanceUID=f"{ROOT}.{study}.0",
            FrameOfReferenceUID=f"{ROOT}.{study}.1", StudyDate=day, ContentDate=day, StudyDescription="Knee",
            ReferencedImageSequence=[reference], WindowCenter="40", WindowWidth="400",
            WindowCenterWidthExplanation="wide", **identity,
        )  # fmt: skip
    write_slice(source / "1" / "referenced.dcm", SOPInstanceUID=f"{ROOT}.1.9", StudyInstanceUID=f"{ROOT}.1", **identity)
    write_slice(source / "other.dcm", PatientID="HOSP-0000815", StudyInstanceUID=f"{ROOT}.3", StudyDate="20200131")
    write_slice(source / "capture.dcm", SOPClassUID=SecondaryCaptureImageStorage, **identity)
    (source / "letter.txt").write_text("Dear colleague", encoding="utf-8")
    assert anonymize(source, folder / "out", write_key(folder / "key"), *options).code == 3
    return Run(source, folder / "out")


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return new_run(tmp_path_factory.mktemp("basic"))


@pytest.fixture(scope="module")
def research(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return new_run(tmp_path_factory.mktemp("research"), "--profile", "research")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Safe private attributes and overlays of type R may stay."""
    folder = tmp_path_factory.mktemp("kept")
    options = ("--retain", "safe-private", "--retain", "full-dates", "--retain", "uids", "--clean", "graphics")
    return new_run(folder, *options)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("edited")
    edits = [
        {"attribute": "StudyDescription", "action": "replace", "value": "typed"},
        {"attribute": "WindowCenterWidthExplanation", "action": "remove"},
        {"attribute": "ContentDate", "action": "empty"},
        {"attribute": "StudyID", "action": "pseudonym"},
    ]
    content = {"schema": "dicomsuite-profile-1", "name": "edited", "edits": edits}
    (folder / "profile.json").write_text(json.dumps(content), encoding="utf-8")
    return new_run(folder, "--profile-file", str(folder / "profile.json"))


def verify(folder: Path, *options: str | Path) -> Ended:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = cli.main(["verify", str(folder), *map(str, options), "--progress", "none"])
    return Ended(code, output.getvalue(), errors.getvalue())


# Damages


def dicom_below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.dcm"))


def image_of(folder: Path) -> Path:
    """An output that is not the first of its folder, with a reference to another output."""
    return [path for path in dicom_below(folder) if "ReferencedImageSequence" in dcmread(path)][-1]


Damage = Callable[[Path, Path], None]
"""Changes the copy of an output folder, or the one file in it."""


def header(change: Callable[[FileDataset], None]) -> Damage:
    def damage(_: Path, file: Path) -> None:
        dataset = dcmread(file)
        change(dataset)
        dataset.save_as(file)

    return damage


def values(**attributes: object) -> Damage:
    return header(lambda dataset: [setattr(dataset, keyword, value) for keyword, value in attributes.items()])


def element(tag: int, vr: str, value: object) -> Damage:
    return header(lambda dataset: dataset.add_new(tag, vr, value))


def without(keyword: str) -> Damage:
    return header(lambda dataset: delattr(dataset, keyword))


def nested(**attributes: object) -> Damage:
    """In the second item of a sequence in a sequence that both stay."""

    def change(dataset: FileDataset) -> None:
        items = [Dataset(), Dataset()]
        for keyword, value in attributes.items():
            setattr(items[1], keyword, value)
        outer = Dataset()
        outer.ReferencedSOPSequence = items
        dataset.ReferencedSeriesSequence = [outer]

    return header(change)


def content(change: Callable[[bytearray], object]) -> Damage:
    """The bytes of the file."""

    def damage(_: Path, file: Path) -> None:
        data = bytearray(file.read_bytes())
        change(data)
        file.write_bytes(data)

    return damage


def preamble(data: bytearray) -> None:
    data[: len(NAME)] = NAME.encode()


def last_pixel(data: bytearray) -> None:
    data[-1] ^= 1


def cut(data: bytearray) -> None:
    del data[-5:]


def few_bytes_more(data: bytearray) -> None:
    data += b"\0\0"


def many_bytes_more(data: bytearray) -> None:
    data += NAME.encode()


def group_length(data: bytearray) -> None:
    at = data.index(b"\x20\0\x0d\0UI")
    data[at:at] = b"\x20\0\0\0UL\4\0\x67\x12\0\0"


def second_modality(data: bytearray) -> None:
    at = data.index(b"\x08\x00\x60\x00CS")
    data[at:at] = b"\x08\x00\x60\x00CS\x02\x00MR"


def behind_the_pixels(data: bytearray) -> None:
    data += b"\x20\x00\x62\x00CS\x02\x00L "


def private_blocks(dataset: FileDataset) -> None:
    dataset.add_new(0x00190010, "LO", "GEMS_ACQU_01")
    dataset.add_new(0x00191023, "DS", "1.5")
    dataset.add_new(0x00191002, "LO", PRIVATE_TEXT)


def overlays(dataset: FileDataset) -> None:
    for group, kind in ((0x6000, "R"), (0x6002, "G")):
        dataset.add_new(group << 16 | 0x0040, "CS", kind)
        dataset.add_new(group << 16 | 0x0022, "LO", PRIVATE_TEXT)


def point_to(dataset: FileDataset, uid: str) -> None:
    dataset.ReferencedImageSequence[0].ReferencedSOPInstanceUID = uid


def meta(keyword: str, value: str) -> Damage:
    return header(lambda dataset: setattr(dataset.file_meta, keyword, value))


def renamed(name: str) -> Damage:
    return lambda _, file: [file.rename(file.with_name(name))]


def new_file(name: str, text: str) -> Damage:
    return lambda _, file: [file.with_name(name).write_text(text, encoding="utf-8")]


def copied(_: Path, file: Path) -> None:
    shutil.copy(file, file.with_name("IM-0000000000000000.dcm"))


def report(change: Callable[[dict], object]) -> Damage:
    def damage(folder: Path, _: Path) -> None:
        path = folder / "report.json"
        report = json.loads(path.read_text(encoding="utf-8"))
        change(report)
        path.write_text(json.dumps(report), encoding="utf-8")

    return damage


def audit(change: Callable[[list[str], str], object]) -> Damage:
    """The lines of the audit trail, and the path by which it knows the file."""

    def damage(folder: Path, file: Path) -> None:
        path = folder / "audit.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        name = file.relative_to(folder).as_posix()
        (line,) = [line for line in lines if name in line]
        change(lines, line)
        path.write_text("".join(lines), encoding="utf-8")

    return damage


@dataclass(frozen=True)
class Case:
    """A damage and all that has to be found, and nothing else; `run` is the fixture whose output it is done to."""

    name: str
    damage: Damage
    found: tuple[Location, ...]
    run: str = "basic"
    against: bool = False


def in_header(name: str, damage: Damage, *found: tuple[str, str], run: str = "basic", against: bool = False) -> Case:
    """A damage to one file's header; `found` are checks and attributes."""
    return Case(name, damage, (REWRITTEN, *((check, "X", path) for check, path in found)), run, against)


CASES = [
    # names and identifiers
    in_header("name put back", values(PatientName=NAME), ("names", "(0010,0010)")),
    in_header("ID put back", values(PatientID=PATIENT_ID), ("names", "(0010,0020)"), ("place", "(0010,0020)")),
    in_header("accession number", values(AccessionNumber=PATIENT_ID), ("names", "(0008,0050)")),
    in_header("operator", values(OperatorsName=NAME), ("PS3.15 table", "(0008,1070)")),
    in_header("pseudonym of another", values(PatientName="DS-000000000000"), ("names", "(0010,0010)")),
    in_header("nested name", nested(PatientName=NAME), ("names", "(0008,1115)/(0008,1199)/(0010,0010)")),
    in_header("nested comment", nested(ImageComments=NAME), ("PS3.15 table", "(0008,1115)/(0008,1199)/(0020,4000)")),
    in_header("name without a row in the table", values(EvaluatorName=NAME), ("names", "(0014,2006)")),
    # UIDs
    in_header("old UID", values(FrameOfReferenceUID=f"{ROOT}.1.1"), ("UIDs", "(0020,0052)")),
    in_header("UID of another maker", values(FrameOfReferenceUID="2.25.1"), ("UIDs", "(0020,0052)")),
    in_header("old study UID", values(StudyInstanceUID=f"{ROOT}.2"), ("UIDs", "(0020,000D)"), ("place", "")),
    in_header(
        "nested UID", nested(ReferencedSOPInstanceUID=f"{ROOT}.8"), ("UIDs", "(0008,1115)/(0008,1199)/(0008,1155)")
    ),
    in_header("another instance", meta("MediaStorageSOPInstanceUID", f"{ROOT}.7"), ("file head", "(0002,0003)")),
    # dates
    in_header("date", values(StudyDate=FOREIGN_DATE), ("PS3.15 table", "(0008,0020)")),
    in_header(
        "date without a row in the table", values(ProcedureCreationDate=FOREIGN_DATE), ("dates", "(0014,4076)")
    ),
    in_header(
        "nested date", nested(AcquisitionDate=FOREIGN_DATE), ("PS3.15 table", "(0008,1115)/(0008,1199)/(0008,0022)")
    ),
    in_header("no date", element(0x00080020, "DA", b"Quackenbush "), ("dates", "(0008,0020)"), run="research"),
    # private attributes, overlays and what nobody knows
    in_header(
        "private attributes", header(private_blocks),
        ("private", "(0019,0010)"), ("private", "(0019,1002)"), ("private", "(0019,1023)"),
    ),
    in_header("private attribute that is not safe", header(private_blocks), ("private", "(0019,1002)"), run="kept"),
    in_header(
        "overlays", header(overlays),
        *(("overlay or curve", path) for path in ("(6000,0022)", "(6000,0040)", "(6002,0022)", "(6002,0040)")),
    ),
    in_header(
        "overlay that may show text", header(overlays),
        ("overlay or curve", "(6002,0022)"), ("overlay or curve", "(6002,0040)"), run="kept",
    ),
    in_header("curve", element(0x50000022, "LO", NAME), ("overlay or curve", "(5000,0022)"), run="kept"),
    in_header("unknown attribute", element(0x08F60001, "LO", NAME), ("PS3.15 table", "(08F6,0001)")),
    in_header("group length", content(group_length), ("PS3.15 table", "(0020,0000)")),
    in_header("padding", element(0xFFFCFFFC, "OB", NAME.encode() + b"\0"), ("PS3.15 table", "(FFFC,FFFC)")),
    # markers and edits
    in_header("marker removed", without("PatientIdentityRemoved"), ("markers", "(0012,0062)")),
    in_header("marker NO", values(PatientIdentityRemoved="NO"), ("markers", "(0012,0062)")),
    in_header("method of another", values(DeidentificationMethod=PRIVATE_TEXT), ("markers", "(0012,0063)")),
    in_header(
        "codes removed", without("DeidentificationMethodCodeSequence"),
        *(("markers", f"(0012,0064)/{code}") for code in ("(0008,0100)", "(0008,0102)", "(0008,0104)")),
    ),
    in_header(
        "dates said to be kept", values(LongitudinalTemporalInformationModified="UNMODIFIED"),
        ("markers", "(0028,0303)"),
    ),
    in_header("edit undone", values(StudyDescription=NAME), ("edits", "(0008,1030)"), run="edited"),
    in_header("removed by edit", values(WindowCenterWidthExplanation=NAME), ("edits", "(0028,1055)"), run="edited"),
    in_header("emptied by edit", values(ContentDate=FOREIGN_DATE), ("edits", "(0008,0023)"), run="edited"),
    in_header("pseudonym by edit", values(StudyID=PATIENT_ID), ("edits", "(0020,0010)"), run="edited"),
    in_header("burned-in text", values(BurnedInAnnotation="YES"), ("pixel risk", "")),
    # the file as a whole
    in_header("preamble", content(preamble), ("file head", "")),
    in_header("sender", meta("SourceApplicationEntityTitle", PATIENT_ID), ("file head", "(0002,0016)")),
    in_header("few bytes behind the end", content(few_bytes_more), ("file head", "")),
    Case("many bytes behind the end", content(many_bytes_more), (("readable", "X", ""),)),
    in_header("attribute twice", content(second_modality), ("readable", "(0008,0060)")),
    in_header("attribute behind the pixels", content(behind_the_pixels), ("readable", "(0020,0062)")),
    Case("truncated", content(cut), (("readable", "X", ""),)),
    Case("not DICOM", lambda _, file: [file.write_text(NAME, encoding="utf-8")], (("readable", "X", ""),)),
    # files and reports
    Case(
        "PHI in a file name", renamed("Mayerhofer.dcm"),
        (("stray file", "X/….dcm", ""), ("audit trail", "X", ""), ("counts", "report.json", "")),
    ),
    Case("unfinished file", new_file(".IM-0.dcm.part", NAME), (("stray file", "X/….part", ""),)),
    Case("foreign file", new_file("Mayerhofer.txt", NAME), (("stray file", "X/….txt", ""),)),
    Case(
        "foreign instance", copied,
        (("audit trail", "X/IM-0000000000000000.dcm", ""), ("counts", "report.json", "")),
    ),
    Case(
        "file deleted", lambda _, file: file.unlink(),
        (("audit trail", "X", ""), ("counts", "report.json", "")),
    ),
    Case(
        "more written than there are", report(lambda report: report["files"].update(written=7)),
        (("counts", "audit.jsonl", ""), ("counts", "report.json", ""), ("counts", "report.json", "")),
    ),
    Case(
        "less refused than there were", report(lambda report: report["files"].update(quarantined=0, **{"in": 7})),
        (("counts", "audit.jsonl", ""), ("counts", "report.json", "")),
    ),
    Case("patients", report(lambda report: report.update(patients=3)), (("counts", "report.json", ""),)),
    Case("series", report(lambda report: report.update(series=9)), (("counts", "report.json", ""),)),
    Case("digest", report(lambda report: report.update(profile_digest="0" * 16)), (("markers", "report.json", ""),)),
    Case("codes", report(lambda report: report["method_codes"].pop()), (("markers", "report.json", ""),)),
    Case(
        "no line in the audit trail", audit(lambda lines, line: lines.remove(line)),
        (("audit trail", "X", ""), ("counts", "audit.jsonl", "")),
    ),
    Case(
        "two lines in the audit trail", audit(lambda lines, line: lines.append(line)),
        (("audit trail", "X", ""), ("counts", "audit.jsonl", "")),
    ),
    # what only the sources show
    Case("pixel", content(last_pixel), (("pixel data", "X", ""),), against=True),
    in_header(
        "copy of the name in an attribute that stays", values(WindowCenterWidthExplanation="for ANNEGRET"),
        ("original value", "(0028,1055)"), against=True,
    ),
    in_header(
        "old UID in a text", values(WindowCenterWidthExplanation=f"see {ROOT}.1.9"),
        ("original value", "(0028,1055)"), against=True,
    ),
    in_header(
        "ID in bytes", element(0x00282000, "OB", f"for {PATIENT_ID} ".encode()),
        ("original value", "(0028,2000)"), against=True,
    ),
    in_header(
        "reference that points nowhere",
        header(lambda dataset: point_to(dataset, dataset.SOPInstanceUID)),
        ("references", "(0008,1140)/(0008,1155)"), against=True,
    ),
    in_header(
        "one date shifted otherwise", values(ContentDate="20130304"), ("dates", "(0008,0023)"),
        run="research", against=True,
    ),
    Case(
        "identifier in the page",
        lambda folder, _: [(folder / "report.html").write_text(f"<p>{PATIENT_ID}</p>", encoding="utf-8")],
        (("original value", "report.html", ""),), against=True,
    ),
]  # fmt: skip


# What is found


@pytest.mark.parametrize("run", ["basic", "research", "kept", "edited"])
@pytest.mark.parametrize("against", [False, True], ids=["alone", "against the sources"])
def test_undamaged_folder_has_no_findings(run, against, request):
    made = request.getfixturevalue(run)
    end = verify(made.target, *(["--against", made.source] if against else []))
    assert (end.code, end.errors) == (0, "")
    assert end.output == f"verified: 6 files, 0 findings{', compared with the source' * against}\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_damage_is_found_where_it_is_and_its_value_is_not_told(case, request, tmp_path):
    run = request.getfixturevalue(case.run)
    folder = Path(shutil.copytree(run.target, tmp_path / "out"))
    file = image_of(folder)
    case.damage(folder, file)
    before = tree(folder)
    options = ["--against", run.source] if case.against else []
    end = verify(folder, *options, "--json")
    expected = [(check, placed(where, file.relative_to(folder)), path) for check, where, path in case.found]
    assert sorted(locations(end)) == sorted(expected)
    assert end.code == 3
    text = verify(folder, *options)
    assert text.code == 3
    assert all(f"{where} {path}".strip() in text.output for _, where, path in expected)
    told = end.output + end.errors + text.output + text.errors
    assert [value for value in TELLING if value.lower() in told.lower()] == []
    assert tree(folder) == before


def placed(where: str, file: Path) -> str:
    """Path below the output folder, where "X" is the damaged file and "X/" its folder."""
    if where.startswith("X/"):
        return f"{file.parent.as_posix()}/{where[2:]}"
    return file.as_posix() if where == "X" else where


def locations(end: Ended) -> list[Location]:
    return [(found["check"], found["output"], found["path"]) for found in json.loads(end.output)["findings"]]


def test_every_kind_of_finding_is_planted():
    """The remaining kind has a test of its own below."""
    assert {check for case in CASES for check, _, _ in case.found} == set(Check) - {Check.SOURCE}


def test_renamed_patient_folder_hides_its_files_and_is_not_named(basic, tmp_path):
    folder = Path(shutil.copytree(basic.target, tmp_path / "out"))
    patient = image_of(folder).relative_to(folder).parts[0]
    files = [path.relative_to(folder) for path in dicom_below(folder / patient)]
    (folder / patient).rename(folder / "Mayerhofer")
    end = verify(folder, "--json")
    found = locations(end)
    strays = [output for check, output, _ in found if check == "stray file"]
    assert sorted(strays) == sorted(f"…/{path.parts[1]}/{path.parts[2]}/….dcm" for path in files)
    missing = [output for check, output, _ in found if check == "audit trail"]
    assert sorted(missing) == sorted(path.as_posix() for path in files)
    assert "Mayerhofer" not in end.output + verify(folder).output


def test_file_in_the_folder_of_another_patient_is_found(basic, tmp_path):
    folder = Path(shutil.copytree(basic.target, tmp_path / "out"))
    file = image_of(folder)
    place = next(path.parent for path in dicom_below(folder) if path.parts[-4] != file.parts[-4])
    moved = file.rename(place / file.name).relative_to(folder).as_posix()
    found = locations(verify(folder, "--json"))
    assert ("place", moved, "(0010,0020)") in found
    assert ("names", moved, "(0010,0020)") in found
    assert ("audit trail", moved, "") in found
    assert ("audit trail", file.relative_to(folder).as_posix(), "") in found


def test_sources_that_are_others_are_said_to_be_none_of_the_originals(basic, tmp_path):
    write_slice(tmp_path / "source" / "1.dcm", PatientName=NAME)
    end = verify(basic.target, "--against", tmp_path / "source", "--json")
    names = [path.relative_to(basic.target).as_posix() for path in dicom_below(basic.target)]
    found = locations(end)
    assert sorted(output for check, output, _ in found if check == "source") == names
    assert end.code == 3


def test_source_with_a_file_that_the_run_never_saw_is_found(basic, tmp_path):
    source = Path(shutil.copytree(basic.source, tmp_path / "source"))
    write_slice(source / "new.dcm", PatientName=NAME)
    end = verify(basic.target, "--against", source, "--json")
    assert locations(end) == [("counts", "report.json", "")]


def test_pixel_changed_in_a_file_hashed_as_a_whole_is_found_without_the_sources(tmp_path):
    run = new_run(tmp_path, "--audit-hash", "file")
    assert verify(run.target).code == 0
    content(last_pixel)(run.target, file := image_of(run.target))
    end = verify(run.target, "--json")
    assert locations(end) == [("audit trail", file.relative_to(run.target).as_posix(), "")]


def test_damage_inside_an_archive_is_found(tmp_path):
    run = new_run(tmp_path, "--zip")
    assert verify(run.target, "--against", run.source).code == 0
    archive = run.target / "dicom.zip"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    file = image_of(tmp_path / "unpacked")
    values(PatientName=NAME)(tmp_path, file)
    with zipfile.ZipFile(archive, "w") as packed:
        for path in dicom_below(tmp_path / "unpacked"):
            packed.write(path, path.relative_to(tmp_path / "unpacked"))
    name = file.relative_to(tmp_path / "unpacked").as_posix()
    end = verify(run.target, "--json")
    assert sorted(locations(end)) == [("audit trail", name, ""), ("names", name, "(0010,0010)")]


def test_many_findings_are_counted_and_only_the_first_are_shown(basic, tmp_path):
    folder = Path(shutil.copytree(basic.target, tmp_path / "out"))
    for path in dicom_below(folder):
        values(PatientName=NAME, StudyDate=FOREIGN_DATE, OperatorsName=NAME)(folder, path)
    end = verify(folder)
    assert "  PS3.15 table            12\n" in end.output
    assert "… and 4 more; --json lists all.\n" in end.output
    assert end.output.endswith("verified: 6 files, 24 findings\n")


# What cannot be verified


@pytest.mark.parametrize("name", ["report.json", "audit.jsonl"])
def test_folder_without_report_or_trail_is_refused(basic, tmp_path, name):
    folder = Path(shutil.copytree(basic.target, tmp_path / "out"))
    (folder / name).unlink()
    end = verify(folder)
    assert end.code == 1
    assert name in end.errors


@pytest.mark.parametrize("name", ["report.json", "audit.jsonl"])
def test_broken_report_or_trail_is_refused_and_not_quoted(basic, tmp_path, name):
    folder = Path(shutil.copytree(basic.target, tmp_path / "out"))
    (folder / name).write_text(f'{{"{NAME}"', encoding="utf-8")
    end = verify(folder)
    assert end.code == 1
    assert f"{name} is not a" in end.errors or f"{name} is no" in end.errors
    assert "Mayerhofer" not in end.errors


def test_source_that_does_not_exist_is_a_usage_error_of_verify(basic, tmp_path):
    end = verify(basic.target, "--against", tmp_path / "nowhere")
    assert end.code == 2
    assert "nowhere does not exist" in end.errors
