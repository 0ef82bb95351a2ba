"""Rules of dicom-anonymizer, CTP and deid become a profile that is never laxer, and every difference is said."""

import json
import re
import warnings
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.datadict import dictionary_VR

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.imported_rules import Meaning
from DicomSuiteAnonymizeLib.profiles.profile_file import parse_attribute, read_profile
from DicomSuiteAnonymizeLib.profiles.profile_import import FORMATS, import_profile
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteLib import cli
from planted import planted_dataset
from rewriting import rewritten_bytes

DICTIONARY = """{
 "(0x0010, 0x0010)": "replace",
 "(0x0010, 0x0020)": "delete",
 "(0x0008, 0x0080)": "deleteOrEmpty",
 "(0x0008, 0x1030)": {"action": "replace_with_value", "value": "BRAIN STUDY"},
 "(0x0008, 0x103E)": {"action": "regexp", "find": "Doe", "replace": ""},
 "(0x0008, 0x0020)": "replace",
 "(0x0020, 0x0052)": "replace_UID",
 "(0x0018, 0x1030)": "keep",
 "(0x0018, 0x0060)": "empty_or_replace",
 "(0x0010, 0x4000)": "my_own_action",
 "(0x0009, 0x1001)": "keep",
 "(0x5000, 0x0000, 0xFF00, 0x0000)": "delete",
 "(0x6000, 0x3000, 0xFF00, 0xFFFF)": "keep"
}"""

SCRIPT = """<script>
 <p t="DATEINC">-3210</p>
 <p t="SITEID">Trial 7</p>
 <p t="UIDROOT">1.2.3</p>
 <e en="T" t="00080005" n="SpecificCharacterSet">@keep()</e>
 <e en="T" t="00080018" n="SOPInstanceUID">@hashuid(@UIDROOT,this)</e>
 <e en="T" t="00080020" n="StudyDate">@incrementdate(this,@DATEINC)</e>
 <e en="T" t="00080050" n="AccessionNumber">@hash(this,16)</e>
 <e en="T" t="00080080" n="InstitutionName">@remove()</e>
 <e en="T" t="00080090" n="ReferringPhysicianName">@empty()</e>
 <e en="F" t="00081030" n="StudyDescription">@keep()</e>
 <e en="T" t="0008103e" n="SeriesDescription">@keep()</e>
 <e en="T" t="00081070" n="OperatorName"></e>
 <e en="T" t="00101010" n="PatientAge">@round(this,10)</e>
 <e en="T" t="00120030" n="ClinicalTrialSiteID">@always()@param(@SITEID)</e>
 <e en="T" t="00120031" n="ClinicalTrialSiteName">@param(@SITENAME)</e>
 <e en="T" t="00120063" n="DeIdentificationMethod">@append(){CTP: @date():@time()}</e>
 <e en="T" t="00180015" n="BodyPart">@if(Modality,equals,"CT"){CHEST}{@quarantine()}</e>
 <e en="T" t="00200052" n="FrameOfReferenceUID">@hashuid(@UIDROOT,this)</e>
 <e en="T" t="0019[SIEMENS MR HEADER]0C" n="BValue">@keep()</e>
 <e en="T" t="00091001" n="Private">@keep()</e>
 <r en="T" t="privategroups">Remove private groups</r>
 <r en="F" t="unspecifiedelements">Remove unchecked elements</r>
</script>"""

RECIPE = """FORMAT dicom

%filter greylist
LABEL Dose report # (CTP)
  contains Modality CT
  coordinates 0,0,512,110

%fields names
FIELD OperatorsName
FIELD endswith:PhysicianName

%values people
SPLIT PatientName by="^"

%header
ADD PatientIdentityRemoved YES
REMOVE contains:Comments
KEEP ImageComments
BLANK fields:names
JITTER StudyDate 31
REMOVE StudyTime
JITTER StudyTime 3
REPLACE PatientID var:id # by the caller
REPLACE StudyDescription BRAIN STUDY
REMOVE SeriesDescription func:is_name
REPLACE FrameOfReferenceUID deid_func:pydicom_uuid
REMOVE select:VR:UR
REMOVE NoSuchField
REPLACE values:people var:name
KEEP (0019,"SIEMENS MR HEADER",0C)
"""

FILES = {"dicom-anonymizer": DICTIONARY, "ctp": SCRIPT, "deid": RECIPE}


@pytest.fixture(params=FILES)
def imported(request, tmp_path):
    path = tmp_path / "Rules of mine.txt"
    path.write_text(FILES[request.param], encoding="utf-8")
    return import_profile(path)


def actions(imported):
    """Action and value by tag."""
    return {edit.path[0]: (edit.action, edit.value) for edit in imported.profile.edits}


def imported_from(tmp_path, text, **options):
    path = tmp_path / "rules.txt"
    path.write_text(text, encoding="utf-8")
    return import_profile(path, **options)


def said(imported, rule):
    """Meaning and reason of the notes on a rule."""
    return [(note.meaning, note.reason) for note in imported.notes if rule in note.rule]


def test_a_dictionary_of_dicom_anonymizer_is_carried_over(tmp_path):
    imported = imported_from(tmp_path, DICTIONARY)
    assert imported.format == "dicom-anonymizer"
    assert actions(imported) == {
        0x00100010: (Action.PSEUDONYM, ""),
        0x00100020: (Action.PSEUDONYM, ""),
        0x00080080: (Action.EMPTY, ""),
        0x00081030: (Action.REPLACE, "BRAIN STUDY"),
        0x0008103E: (Action.REMOVE, ""),
        0x00080020: (Action.REPLACE, "19000101"),
        0x00200052: (Action.PSEUDONYM, ""),
        0x00181030: (Action.KEEP, ""),
        0x00180060: (Action.REPLACE, "0"),
        0x00104000: (Action.REMOVE, ""),
    }
    assert said(imported, "my_own_action")
    assert said(imported, "regexp")
    assert said(imported, "(0x6000")[0][0] is Meaning.STRICTER
    assert said(imported, "(0x0009")[0][0] is Meaning.STRICTER


def test_a_script_of_ctp_is_carried_over(tmp_path):
    imported = imported_from(tmp_path, SCRIPT)
    assert imported.format == "ctp"
    assert actions(imported) == {
        0x00080020: (Action.SHIFT, ""),
        0x00080050: (Action.PSEUDONYM, ""),
        0x00080080: (Action.REMOVE, ""),
        0x00080090: (Action.EMPTY, ""),
        0x0008103E: (Action.KEEP, ""),
        0x00081070: (Action.REMOVE, ""),
        0x00101010: (Action.REMOVE, ""),
        0x00120030: (Action.REPLACE, "Trial 7"),
        0x00120031: (Action.REMOVE, ""),
        0x00180015: (Action.REMOVE, ""),
        0x00200052: (Action.PSEUDONYM, ""),
    }
    assert imported.profile.options == {Option.RETAIN_MODIFIED_DATES, Option.RETAIN_SAFE_PRIVATE}
    assert [one.key for one in imported.profile.safe_private] == [("SIEMENS MR HEADER", 0x0019, 0x0C)]


def test_a_recipe_of_deid_is_carried_over(tmp_path):
    imported = imported_from(tmp_path, RECIPE)
    assert imported.format == "deid"
    found = actions(imported)
    assert found[0x00104000] == (Action.REMOVE, "")
    assert found[0x00204000] == (Action.KEEP, "")
    assert found[0x00081070] == found[0x00080090] == (Action.EMPTY, "")
    assert found[0x00080020] == (Action.SHIFT, "")
    assert found[0x00080030] == (Action.REMOVE, "")
    assert found[0x00100020] == found[0x00200052] == (Action.PSEUDONYM, "")
    assert found[0x00081030] == (Action.REPLACE, "BRAIN STUDY")
    assert found[0x0008103E] == (Action.REMOVE, "")
    assert found[0x00081190] == (Action.REMOVE, "")  # Retrieve URL, chosen by its VR
    assert [one.key for one in imported.profile.safe_private] == [("SIEMENS MR HEADER", 0x0019, 0x0C)]


def test_a_date_that_is_kept_is_said_because_the_marker_does_not_say_it(tmp_path):
    imported = imported_from(tmp_path, "FORMAT dicom\n%header\nKEEP StudyDate\nKEEP Modality\n")
    assert len(imported.notes) == 1
    assert "(0028,0303)" in said(imported, "KEEP StudyDate")[0][1]


def test_what_sets_files_aside_is_said_first(tmp_path):
    for text in (SCRIPT, RECIPE):
        assert imported_from(tmp_path, text).notes[0].meaning is Meaning.LOST


def test_a_rule_that_chooses_no_attribute_is_said(tmp_path):
    imported = imported_from(tmp_path, RECIPE)
    assert said(imported, "NoSuchField")
    assert said(imported, "values:people")
    assert said(imported, "%values people")
    assert said(imported, "LABEL Dose report")


def test_every_rule_of_a_file_is_an_edit_or_a_note_or_done_anyway(tmp_path):
    imported = imported_from(tmp_path, SCRIPT)
    named = {int(tag, 16) for tag in re.findall(r'en="T" t="(\w{8})"', SCRIPT)}
    done_anyway = {0x00080005, 0x00080018}
    noted = {tag for tag in named if said(imported, f"{tag:08x}") or said(imported, f"{tag:08X}")}
    assert named == actions(imported).keys() | noted | done_anyway


def test_unchecked_elements_that_a_script_removes_are_removed(tmp_path):
    imported = imported_from(tmp_path, SCRIPT.replace('en="F" t="unspecified', 'en="T" t="unspecified'))
    found = actions(imported)
    assert found[parse_attribute("PatientSex")[0]] == (Action.REMOVE, "")
    assert found[0x0008103E] == (Action.KEEP, "")
    assert 0x00280010 not in found
    kept = SCRIPT.replace('en="F" t="unspecified', 'en="T" t="unspecified').replace(
        "</script>", '<k en="T" t="0018">Keep</k></script>'
    )
    assert 0x00180050 in found
    assert 0x00180050 not in actions(imported_from(tmp_path, kept))


def test_profiles_survive_their_file(imported, tmp_path):
    from DicomSuiteAnonymizeLib.profiles.profile_file import write_profile

    write_profile(imported.profile, tmp_path / "profile.json")
    assert read_profile(tmp_path / "profile.json") == imported.profile
    assert re.fullmatch("[a-z0-9-]+", imported.profile.name)


def test_an_imported_profile_leaves_nothing_planted_but_what_it_keeps(imported):
    """On top of the Basic Profile, an imported rule that keeps an attribute is all that lets a value stay."""
    planted = planted_dataset()
    output = dcmread(BytesIO(rewritten_bytes(planted.part10(), imported.profile)))
    left = {path for path in planted.sentinels if value_at(output, path) == value_at(planted.dataset, path) != ""}
    kept = {edit.path for edit in imported.profile.edits if edit.action is Action.KEEP}
    if Option.RETAIN_MODIFIED_DATES in imported.profile.options:  # which lets times and the offset from UTC stay
        kept |= {path for path in left if dictionary_VR(path[-1]) == "TM" or path[-1] == 0x00080201}
    assert left <= kept


def value_at(dataset, path):
    """Value as text of an attribute in first items; "" where there is none."""
    for tag in path[:-1]:
        if tag not in dataset or not dataset[tag].value:
            return ""
        dataset = dataset[tag].value[0]
    return str(dataset[path[-1]].value) if path[-1] in dataset else ""


def test_what_dicom_anonymizer_takes_away_does_not_stay(tmp_path):
    """That program and the imported profile on the same file: nothing that it removes or changes keeps its value."""
    anonymizer = pytest.importorskip("dicomanonymizer")
    from dicomanonymizer.anonymizer import parse_dictionary_argument

    text = json.dumps({key: entry for key, entry in json.loads(DICTIONARY).items() if entry != "my_own_action"})
    (tmp_path / "dictionary.json").write_text(text.replace("deleteOrEmpty", "delete_or_empty"), encoding="utf-8")
    rules: dict = {}
    parse_dictionary_argument(tmp_path / "dictionary.json", rules)
    planted = planted_dataset()
    theirs = dcmread(BytesIO(planted.part10()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls what pydicom 4 will not have
        anonymizer.anonymize_dataset(theirs, rules, delete_private_tags=True)
    profile = import_profile(tmp_path / "dictionary.json").profile
    ours = dcmread(BytesIO(rewritten_bytes(planted.part10(), profile)))
    source = dcmread(BytesIO(planted.part10()))
    changed = [element.tag for element in source if theirs.get(element.tag) != element]
    assert len(changed) > 300
    assert [tag for tag in changed if ours.get(tag) == source[tag]] == []


@pytest.mark.parametrize(
    ("text", "format", "reason"),
    [
        ("no rules at all", "auto", "none of these"),
        ("", "auto", "none of these"),
        ('{"(0x0010)": "keep"}', "auto", "is not an attribute"),
        ('{"(__import__(1))": "keep"}', "auto", "is not an attribute"),
        ("[1, 2]", "dicom-anonymizer", "not a JSON object"),
        ('<script><e t="00100010"></script>', "auto", "not XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><script><e t="00100010">&a;</e></script>', "auto", "entities"),
        ("just text", "deid", "no section"),
        ("FORMAT dicom\n%header\nREMOVE contains:(", "auto", "regular expression"),
    ],
)
def test_what_is_no_file_of_rules_is_refused_by_name(tmp_path, text, format, reason):
    with pytest.raises(AnonymizeError, match=reason) as refused:
        imported_from(tmp_path, text, format=format)
    assert "rules.txt" in str(refused.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(
        ("FORMAT dicom\n%header\n", "%fields a\nFIELD ", "<script><e t='00100010'>", '{"(0x10, 0x10)": ')
    ),
    rest=st.text(st.sampled_from("ADD REMOVE KEEP(),:0x10%@{}[]\"'<>/e#\n"), max_size=40),
)
def test_whatever_a_file_holds_it_is_imported_or_refused(tmp_path, start, rest):
    try:
        imported = imported_from(tmp_path, start + rest)
    except AnonymizeError:
        return
    assert imported.profile.is_ps315


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(AnonymizeError, match="No such file"):
        import_profile(tmp_path / "absent.script")


def test_the_command_writes_a_profile_that_can_be_used(tmp_path, capsys):
    (tmp_path / "rules.script").write_text(SCRIPT, encoding="utf-8")
    words = ["import-profile", tmp_path / "rules.script", "--out", tmp_path / "mine.json", "--progress", "json"]
    assert cli.main([str(word) for word in words]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert result["rules"] == len(read_profile(tmp_path / "mine.json").edits) == 11
    assert {"meaning", "rule", "reason"} == result["notes"][0].keys()
    assert cli.main([str(word) for word in words[:-2]]) == 0
    assert "not carried over" in capsys.readouterr().out


def test_the_command_offers_every_format(capsys):
    assert cli.main(["import-profile", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in FORMATS)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"(0x0010, 0x0010)": ' + "[" * 100_000])
def test_json_that_is_nested_without_end_is_refused(tmp_path, text):
    (tmp_path / "rules.json").write_text(text, encoding="utf-8")
    for word in ("auto", "dicom-anonymizer"):
        with pytest.raises(AnonymizeError, match=r"rules\.json"):
            import_profile(tmp_path / "rules.json", word)


def test_xml_reads_no_other_file_and_expands_nothing(tmp_path):
    (tmp_path / "secret.txt").write_text("SECRET", encoding="utf-8")
    address = (tmp_path / "secret.txt").as_uri()
    rule = '<script><e en="T" t="00104000" n="X">&x;</e></script>'
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 12))
    entities = (f'<!ENTITY x SYSTEM "{address}">', f'<!ENTITY l0 "ha">{laughs}<!ENTITY x "&l11;">')
    for declared in entities:
        (tmp_path / "rules.script").write_text(f"<!DOCTYPE s [{declared}]>{rule}", encoding="utf-8")
        with pytest.raises(AnonymizeError, match="entities"):
            import_profile(tmp_path / "rules.script", "ctp")
    (tmp_path / "rules.script").write_text(rule, encoding="utf-8")
    with pytest.raises(AnonymizeError, match="not XML"):
        import_profile(tmp_path / "rules.script", "ctp")
    included = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}" parse="text"/>'
    text = f'<script><e en="T" t="00104000" n="X">{included}</e></script>'
    assert "SECRET" not in repr(imported_from(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        '<script><e en="T" t="0019[ACME]02" n="X">@keep()</e></script>',
        'FORMAT dicom\n%header\nKEEP (0019,"ACME",02)\n',
    ],
)
def test_keeping_one_private_attribute_keeps_the_standard_s_safe_ones_and_says_so(tmp_path, text):
    imported = imported_from(tmp_path, text)
    assert Option.RETAIN_SAFE_PRIVATE in imported.profile.options
    assert any("E.3.10-1" in note.reason for note in imported.notes)


def test_that_rules_of_a_recipe_stop_at_sequences_is_said_first(tmp_path):
    first = imported_from(tmp_path, "FORMAT dicom\n%header\nREMOVE SliceThickness\n").notes[0]
    assert (first.meaning, "inside sequences" in first.reason) == (Meaning.LOST, True)
