"""Structured reports: what items tell of people goes by value type and concept, the tree and its references stay."""

from __future__ import annotations

import contextlib
import io
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("highdicom")

from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from anonymize_runs import anonymize, write_key
from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteLib import cli
from DicomSuiteLib.synthetic_identity import synthetic_uid
from planted_reports import BIRTH_DATE, KEPT, NUMBERS, SEEN_ON, STRANGERS, dcm, item, planted_reports
from referencing_objects import SEED, ct_images, referencing_objects, who
from rewriting import KEY, rewritten, rewritten_bytes
from validators import findings, program

CONTENT, DATES = Option.CLEAN_STRUCTURED_CONTENT, Option.RETAIN_MODIFIED_DATES
FULL_DATES, DEVICE, INSTITUTION = (
    Option.RETAIN_FULL_DATES, Option.RETAIN_DEVICE_IDENTITY, Option.RETAIN_INSTITUTION_IDENTITY,
)  # fmt: skip
KINDS = ("measurements", "key objects", "narrative", "dose")
OPTIONS = ((), (CONTENT,), (CONTENT, DATES), (CONTENT, Option.CLEAN_DESCRIPTORS, DATES))


def part10(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


@cache
def output_bytes(kind: str, options: tuple[Option, ...]) -> bytes:
    """The new file, on which both paths agree."""
    source, profile = part10(planted_reports()[kind].dataset), Profile("test", "", options=frozenset(options))
    output = rewritten_bytes(source, profile, KEY, rewrite_bytes)
    assert rewritten_bytes(source, profile, KEY, rewrite_dataset) == output
    return output


def output_of(kind: str, *options: Option) -> Dataset:
    return dcmread(io.BytesIO(output_bytes(kind, options)))


def items_of(dataset: Dataset) -> Iterator[Dataset]:
    """Every content item, depth first."""
    for child in dataset.get("ContentSequence", ()):
        yield child
        yield from items_of(child)


def named(dataset: Dataset, concept: str) -> Dataset:
    """The first content item with this concept (DCM)."""
    items = (found for found in items_of(dataset) if "ConceptNameCodeSequence" in found)
    return next(found for found in items if found.ConceptNameCodeSequence[0].CodeValue == concept)


def concept_names(dataset: Dataset) -> list[tuple[str, str]]:
    return [
        (found.ValueType, found.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in found else "")
        for found in items_of(dataset)
    ]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(option.cli for option in options) or "basic")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_planted_is_left(kind, options):
    output = output_bytes(kind, options).decode("latin-1").casefold()
    assert [text for text in planted_reports()[kind].planted if text.casefold() in output] == []


def test_what_is_planted_stands_in_the_sources():
    sources = [part10(planted_reports()[kind].dataset).decode("latin-1") for kind in KINDS]
    planted = (*STRANGERS, *NUMBERS, BIRTH_DATE, who().patient_id, who().family_name, who().accession_number)
    assert [text for text in planted if not any(text in source for source in sources)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_keeps_every_item(kind):
    assert concept_names(output_of(kind, CONTENT)) == concept_names(planted_reports()[kind].dataset)


def test_text_keeps_its_words():
    text = named(output_of("narrative", CONTENT), "121071").TextValue
    assert all(words in text for words in KEPT)


def test_persons_become_pseudonyms_and_equal_ones_the_same():
    output = output_of("narrative", CONTENT)
    assert str(named(output, "121008").PersonName).startswith("DS^")
    assert named(output, "121030").TextValue == named(output, "121030").TextValue != named(output, "121022").TextValue
    assert str(named(output_of("dose", CONTENT), "113870").PersonName).startswith("DS^")


def test_names_of_organisations_and_devices_follow_their_options():
    organisation, serial = (
        named(output_of("narrative", CONTENT), concept).TextValue for concept in ("121009", "121016")
    )
    assert organisation.startswith("P")
    assert serial.startswith("P")
    kept = output_of("narrative", CONTENT, DEVICE, INSTITUTION)
    assert (named(kept, "121009").TextValue, named(kept, "121016").TextValue) == ("Holunderbach", "SN-88172635")


def test_makers_and_models_stay():
    assert named(output_of("narrative", CONTENT), "121015").TextValue == "Xyloscan Q"
    assert named(output_of("dose", CONTENT), "121014").TextValue == "Xylotech"


def test_dates_follow_the_options_and_birth_dates_none():
    moved = timedelta(rewritten(part10(planted_reports()["narrative"].dataset))[0].subject.identity.date_offset)
    seen = date.fromisoformat(f"{SEEN_ON[:4]}-{SEEN_ON[4:6]}-{SEEN_ON[6:]}")
    expected = {
        (CONTENT,): "19000101000000",
        (CONTENT, DATES): f"{seen + moved:%Y%m%d}101112",
        (CONTENT, FULL_DATES): f"{SEEN_ON}101112",
    }
    for options, value in expected.items():
        output = output_of("narrative", *options)
        assert named(output, "122146").DateTime == value
        assert named(output, "121031").Date == "19000101" != BIRTH_DATE


@pytest.mark.parametrize(("options", "meaning"), [((), "ANONYMIZED"), ((CONTENT,), "nodule as defines it")])
def test_meaning_of_a_private_code_is_treated_like_text(options, meaning):
    private, public = (
        found.ConceptCodeSequence[0] for found in items_of(output_of("narrative", *options))
        if found.ValueType == "CODE" and found.ConceptNameCodeSequence[0].CodeValue == "121071"
    )  # fmt: skip
    assert (private.CodeValue, private.CodingSchemeDesignator, private.CodeMeaning) == ("N-17", "99CLINIC", meaning)
    assert (public.CodeValue, public.CodingSchemeDesignator, public.CodeMeaning) == ("27925004", "SCT", "Nodule")


def test_the_subject_s_age_stays_only_with_patient_characteristics():
    for options in OPTIONS:
        assert len(named(output_of("narrative", *options), "121033").MeasuredValueSequence) == 0
    kept = named(output_of("narrative", Option.RETAIN_PATIENT_CHARACTERISTICS), "121033")
    assert kept.MeasuredValueSequence[0].NumericValue == 97


def test_numbers_and_coordinates_stay():
    output = output_of("narrative", CONTENT)
    measured = named(output, "121211").MeasuredValueSequence[0]
    assert (str(measured.NumericValue), measured.MeasurementUnitsCodeSequence[0].CodeValue) == ("12.5", "mm")
    assert list(named(output, "121055").GraphicData) == [1.0, 2.0, 3.0, 4.0]


def test_references_resolve_to_the_new_files():
    image = dcmread(io.BytesIO(rewritten_bytes(part10(ct_images()[11]))))
    output = output_of("narrative", CONTENT)
    quoted = named(output, "121055").ContentSequence[0].ReferencedSOPSequence[0]
    evidence = output.CurrentRequestedProcedureEvidenceSequence[0]
    assert quoted.ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert named(output, "121018").UID == evidence.StudyInstanceUID == image.StudyInstanceUID
    assert evidence.ReferencedSeriesSequence[0].SeriesInstanceUID == image.SeriesInstanceUID
    assert named(output_of("dose", CONTENT), "113769").UID not in ("", synthetic_uid(SEED, "event"))


def test_an_edit_wins_over_the_rules_of_content():
    from DicomSuiteAnonymizeLib.profiles.profile import TagEdit
    from DicomSuiteAnonymizeLib.steps import Action

    edit = TagEdit((0x0040A730, 0x0040A160), Action.REPLACE, "typed")
    profile = Profile("test", "", options=frozenset((CONTENT,)), edits=(edit,))
    source = part10(planted_reports()["narrative"].dataset)
    assert named(dcmread(io.BytesIO(rewritten_bytes(source, profile))), "121020").TextValue == "typed"


def test_request_attributes_with_a_private_code_are_cleaned_as_well():
    source = ct_images()[11].copy()
    meaning = item(
        CodeValue="7", CodingSchemeDesignator="L", CodeMeaning=f"knee for Dr. {who().operator.split('^')[0]}"
    )
    source.RequestAttributesSequence = [item(RequestedProcedureCodeSequence=[meaning])]
    profile = Profile("test", "", options=frozenset((Option.CLEAN_DESCRIPTORS,)))
    output = dcmread(io.BytesIO(rewritten_bytes(part10(source), profile)))
    assert output.RequestAttributesSequence[0].RequestedProcedureCodeSequence[0].CodeMeaning == "knee for"


@pytest.mark.parametrize("options", OPTIONS[:2], ids=["basic", "cleaned"])
@pytest.mark.parametrize("kind", KINDS)
def test_dsrdump_reads_the_new_report(kind, options, tmp_path):
    file = written(tmp_path, "after", output_bytes(kind, options))
    done = subprocess.run([program("dsrdump"), file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower()
    assert done.stdout.count("<contains") >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_dciodvfy_finds_no_new_error(kind, tmp_path):
    before = findings("dciodvfy", [written(tmp_path, "before", part10(planted_reports()[kind].dataset))])
    after = findings("dciodvfy", [written(tmp_path, "after", output_bytes(kind, (CONTENT,)))])
    assert after - before == {}


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--profile", "teaching"),
        ("--clean", "structured-content", "--clean", "graphics", "--retain", "modified-dates"),
    ],
    ids=["basic", "teaching", "content+graphics+dates"],
)
def test_verify_agrees_with_a_run_on_reports_and_annotations(options, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    objects = [planted_reports()[kind].dataset for kind in KINDS]
    for number, dataset in enumerate((*objects, referencing_objects()["PR"], *ct_images()[10:13])):
        written(source, str(number), part10(dataset))
    assert anonymize(source, tmp_path / "out", write_key(tmp_path / "key"), *options).code == 0
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = cli.main(["verify", str(tmp_path / "out"), "--against", str(source), "--progress", "none"])
    assert (code, output.getvalue()) == (0, "verified: 8 files, 0 findings, compared with the source\n")


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / f"{name}.dcm"
    path.write_bytes(content)
    return path


def test_concepts_are_those_of_the_standard():
    from pydicom.sr._concepts_dict import concepts

    from DicomSuiteAnonymizeLib.words import content_items

    known = {value for values in concepts["DCM"].values() for value in values}
    groups = (content_items._PERSONS, content_items._ORGANISATIONS, content_items._DEVICES, content_items._MAKES)
    assert {code.decode() for group in groups for code in group} - known == set()
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
    assert dcm("121031", "").CodeValue == content_items._BIRTH_DATE.decode()
