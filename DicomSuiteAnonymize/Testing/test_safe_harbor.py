"""Ages over 89 and postal codes as HIPAA's Safe Harbor asks, in the profile and as actions of single attributes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from anonymize_runs import anonymize, write_key
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.dataset_rewriter import rewrite_dataset
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, Profile, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_file import check_edit, profile_from_json, profile_to_json
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.safe_harbor import capped_age, postal_area
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.verification.verify import verify
from rewriting import rewritten_bytes

RESTRICTED = {
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890",
    "893",
}  # fmt: skip


def output_of(profile: Profile = BUILT_IN["hipaa"], **attributes: object) -> Dataset:
    """The new data set, on which both paths agree."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = CTImageStorage, "1.2.826.0.1.3680043.9.7133.1", "CT"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    output = rewritten_bytes(file.getvalue(), profile, by=rewrite_bytes)
    assert rewritten_bytes(file.getvalue(), profile, by=rewrite_dataset) == output
    return dcmread(io.BytesIO(output))


@pytest.mark.parametrize(
    ("age", "new"),
    [
        (b"089Y", b"089Y"), (b"090Y", b"090Y"), (b"091Y", b"090Y"), (b"104Y", b"090Y"), (b"95Y ", b"090Y"),
        (b"007Y", b"007Y"), (b"7Y", b"007Y"), (b"999D", b"999D"), (b"018M", b"018M"), (b"ninety", b""), (b"", b""),
        (b"95", b""), (b"120Y", b"090Y"), (b"1080M", b""), (b"999M", b"999M"), (b"090Y\\005D", b"090Y\\005D"),
        (b"095Y\\bad", b""), (b"095y", b""), (b"-95Y", b""), (b"095Y\0", b"090Y"),
    ],
)  # fmt: skip
def test_ages_over_89_become_one_category(age: bytes, new: bytes):
    assert capped_age(age) == new


@given(st.integers(0, 999))
def test_no_age_over_89_years_stays(years: int):
    assert int(capped_age(b"%03dY" % years)[:3]) == min(years, 90)


@pytest.mark.parametrize(
    ("address", "new"),
    [
        (b"12 Main Street, Boston, MA 02115", b"021"), (b"02115-1234", b"021"), (b"Boston MA 02115, USA ", b"021"),
        (b"10234 Elm Road^^Fargo^ND^58102^US", b"581"), (b"10234 Elm Road", b""), (b"PO Box 12345, Boston", b""),
        (b"PO Box 12345", b""), (b"Elm Road 10234", b""), (b"Elm Road Apt 10234", b""), (b"^^Boston^MA^021151234", b""),
        (b"1 Elm Road, Boston MA, 02115", b"021"), (b"1010 Wien", b""), (b"D-81377", b""), (b"81377 M\xfcnchen", b""),
        (b"Paris 75013, France", b""), (b"SW1A 1AA", b""), (b"K1A 0B1", b""), (b"^^Agana^GU^96910", b"969"),
        (b"Boston", b""), (b"021155", b""), (b"A-02115-99", b""), (b"\x1b$B02115", b""), (b"", b""),
    ],
)  # fmt: skip
def test_of_an_address_three_digits_of_its_zip_code_stay(address: bytes, new: bytes):
    assert postal_area(address) == new


def test_areas_of_few_people_become_000():
    assert len(RESTRICTED) == 17
    for area in range(1000):
        expected = "000" if f"{area:03d}" in RESTRICTED else f"{area:03d}"
        assert postal_area(b"%03d07" % area).decode() == expected


def test_profile_keeps_what_safe_harbor_allows_and_no_birth_date():
    dataset = output_of(
        PatientAge="097Y", PatientBirthDate="19230101", PatientAddress="1 Elm Road, Reno NV 89502", PatientSex="F",
        PatientSize="1.6", StudyDate="20200131", PatientName="Mayerhofer^Anna", PatientTelephoneNumbers="555-0100",
    )  # fmt: skip
    assert (dataset.PatientAge, dataset.PatientAddress, dataset.PatientSex) == ("090Y", "895", "F")
    assert (dataset.PatientSize, dataset.PatientBirthDate, dataset.StudyDate) == (1.6, "", "")
    assert "PatientTelephoneNumbers" not in dataset


def test_age_inside_a_sequence_goes():
    inner = Dataset()
    inner.PatientAge = "097Y"
    dataset = output_of(ReferencedSeriesSequence=[inner])
    assert "PatientAge" not in dataset.ReferencedSeriesSequence[0]


def test_actions_are_saved_with_a_profile_and_refused_where_they_make_no_sense():
    assert profile_from_json(profile_to_json(BUILT_IN["hipaa"])) == BUILT_IN["hipaa"]
    with pytest.raises(AnonymizeError, match="no age"):
        check_edit(TagEdit((0x00100030,), Action.CAP_AGE))
    with pytest.raises(AnonymizeError, match="no address"):
        check_edit(TagEdit((0x00101010,), Action.POSTAL_AREA))


def test_verify_knows_what_the_actions_leave(tmp_path):
    values = {"PatientAge": "097Y", "PatientAddress": "1 Elm Road, Reno NV 89502", "PatientID": "HOSP-471142"}
    write_slice(tmp_path / "in" / "a.dcm", **values)
    profile = ("--profile", "hipaa")
    assert anonymize(tmp_path / "in", tmp_path / "out", write_key(tmp_path / "key"), *profile).code == 0
    assert verify(tmp_path / "out", [tmp_path / "in"], lambda done, total: None).findings == ()
    output = next((tmp_path / "out").rglob("*.dcm"))
    dataset = dcmread(output)
    dataset.PatientAge, dataset.PatientAddress = "097Y", "89502"
    dataset.save_as(output)
    messages = [finding.message for finding in verify(tmp_path / "out", [], lambda done, total: None).findings]
    assert messages.count("is more than the edit leaves") == 2
