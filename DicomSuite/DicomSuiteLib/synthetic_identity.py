"""A fictional patient, and everywhere in a data set that real files hide such a person's particulars."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

_FAMILY_NAMES = ("Grünwälder", "Sørensen", "Núñez-Ibáñez", "Léveillé", "Åkerström")
_GIVEN_NAMES = ("Zoëlina", "Frédérique", "Birgitté", "Maríñela", "Mélusine")
_PHYSICIANS = ("Quillfeather^Rosalind", "Vandersloot^Pieter", "Okonjwara^Ngozika", "Thistlewood^Barnaby")
_STREETS = ("Krähenwinkel", "Fjordgløtten", "Rua da Nespereira", "Weidenröschenweg")
_TOWNS = ("Nebelstätten", "Øvrevik", "Pedra Cinzenta", "Schloßhausen")
_INSTITUTIONS = ("Sankt-Walpurga-Klinikum", "Havnegård Sygehus", "Hospital das Gralhas")

_PREAMBLE_BYTES = 128


@dataclass(frozen=True)
class Identity:
    """One fictional patient's particulars, all long enough to be searched for in a file's bytes."""

    family_name: str
    given_name: str
    birth_name: str
    patient_id: str
    other_patient_id: str
    birth_date: str
    accession_number: str
    study_id: str
    admission_id: str
    study_date: str
    study_time: str
    street: str
    town: str
    phone: str
    referring_physician: str
    performing_physician: str
    operator: str
    requesting_physician: str
    institution: str
    station_name: str
    device_serial_number: str
    sending_ae_title: str

    @property
    def patient_name(self) -> str:
        """The name as a PN value."""
        return f"{self.family_name}^{self.given_name}"

    @property
    def spoken_name(self) -> str:
        """The name as people write it in a remark."""
        return f"{self.given_name} {self.family_name}"

    @property
    def planted(self) -> tuple[str, ...]:
        """The strings that must not be left in a de-identified file: names by their parts, all else whole."""
        staff = (
            self.referring_physician,
            self.performing_physician,
            self.operator,
            self.requesting_physician,
        )
        return (
            self.family_name, self.given_name, self.birth_name, self.patient_id, self.other_patient_id,
            self.birth_date, self.accession_number, self.study_id, self.admission_id, self.study_date,
            self.study_time, self.street, self.town, self.phone,
            *(part for person in staff for part in person.split("^")),
            self.institution, self.station_name, self.device_serial_number, self.sending_ae_title,
        )  # fmt: skip


def make_identity(seed: int) -> Identity:
    """The fictional patient for `seed`; the same seed is the same patient."""
    draw = random.Random(f"identity {seed}")
    family_name, birth_name = draw.sample(_FAMILY_NAMES, 2)
    referring, performing, operator, requesting = draw.sample(_PHYSICIANS, 4)

    def digits(count: int) -> str:
        return "".join(draw.choices("123456789", k=count))

    return Identity(
        family_name=family_name,
        given_name=draw.choice(_GIVEN_NAMES),
        birth_name=birth_name,
        patient_id=f"MRN{digits(8)}",
        other_patient_id=f"INS{digits(9)}",
        birth_date=f"19{draw.randint(31, 69)}{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}",
        accession_number=f"ACC{digits(9)}",
        study_id=f"ST{digits(7)}",
        admission_id=f"ADM{digits(8)}",
        study_date=f"2023{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}",
        study_time=f"{draw.randint(8, 17):02d}{draw.randint(10, 59)}{draw.randint(10, 59)}.{digits(6)}",
        street=f"{draw.choice(_STREETS)} {digits(2)}",
        town=draw.choice(_TOWNS),
        phone=f"+00 555 {digits(7)}",
        referring_physician=referring,
        performing_physician=performing,
        operator=operator,
        requesting_physician=requesting,
        institution=draw.choice(_INSTITUTIONS),
        station_name=f"CTROOM{digits(5)}",
        device_serial_number=f"SN{digits(8)}",
        sending_ae_title=f"SENDER{digits(6)}",
    )


def synthetic_uid(seed: int, purpose: str) -> UID:
    """A UID under 2.25 that depends on nothing but `seed` and what it is for."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def new_instance(seed: int, sop_class: UID, purpose: str) -> FileDataset:
    """An empty explicit VR little endian instance with its SOP Common and file meta attributes."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = synthetic_uid(seed, purpose)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    instance = FileDataset(None, {}, file_meta=meta, preamble=bytes(_PREAMBLE_BYTES))
    instance.SOPClassUID = sop_class
    instance.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    return instance


def plant_patient_and_study(instance: Dataset, who: Identity, seed: int) -> None:
    """Fill the Patient, General Study and General Equipment modules with the particulars of `who`."""
    instance.PatientName = who.patient_name
    instance.PatientID = who.patient_id
    instance.PatientBirthDate = who.birth_date
    instance.PatientSex = "F"
    instance.PatientAge = f"{int(who.study_date[:4]) - int(who.birth_date[:4]):03d}Y"
    instance.PatientSize = 1.68
    instance.PatientWeight = 71.5
    instance.PatientBirthName = f"{who.birth_name}^{who.given_name}"
    instance.PatientAddress = f"{who.street}, {who.town}"
    instance.PatientTelephoneNumbers = who.phone
    instance.PatientComments = f"{who.spoken_name}, {who.town}, call {who.phone}"
    instance.AdmissionID = who.admission_id
    instance.OtherPatientIDsSequence = Sequence([_other_patient_id(who)])
    instance.StudyInstanceUID = synthetic_uid(seed, "study")
    instance.StudyID = who.study_id
    instance.StudyDate = who.study_date
    instance.StudyTime = who.study_time
    instance.AccessionNumber = who.accession_number
    instance.StudyDescription = f"Chest, {who.family_name}"
    instance.ReferringPhysicianName = who.referring_physician
    instance.ReferringPhysicianAddress = f"{who.institution}, {who.town}"
    instance.ReferringPhysicianTelephoneNumbers = who.phone
    instance.ReferencedPatientSequence = Sequence([_reference("1.2.840.10008.3.1.2.1.1", seed, "patient")])
    instance.Manufacturer = "Phantom Works"
    instance.ManufacturerModelName = "Chest 40"
    instance.InstitutionName = who.institution
    instance.InstitutionAddress = f"{who.street}, {who.town}"
    instance.StationName = who.station_name
    instance.DeviceSerialNumber = who.device_serial_number
    instance.OperatorsName = who.operator


def plant_request(instance: Dataset, who: Identity) -> None:
    """Add a Request Attributes Sequence: what the order for the examination says about the patient."""
    request = Dataset()
    request.AccessionNumber = who.accession_number
    request.RequestedProcedureID = who.study_id
    request.ScheduledProcedureStepID = who.admission_id
    request.RequestedProcedureDescription = f"Follow-up of {who.spoken_name}"
    instance.RequestAttributesSequence = Sequence([request])
    instance.PerformingPhysicianName = who.performing_physician
    instance.RequestingPhysician = who.requesting_physician


def plant_private_attributes(instance: Dataset, who: Identity) -> None:
    """Add two private blocks: plain text, a binary copy of the header, and a nested sequence."""
    archive = instance.private_block(0x0009, "PHANTOM ARCHIVE 2.1", create=True)
    archive.add_new(0x01, "LO", who.spoken_name)
    archive.add_new(0x02, "UN", f"id={who.patient_id};born={who.birth_date}".encode())
    scanner = instance.private_block(0x0029, "PHANTOM SCANNER HDR", create=True)
    scanner.add_new(0x10, "OB", f"<patient>{who.spoken_name}</patient><at>{who.institution}</at>".encode())
    entry = Dataset()
    entry.PatientID = who.other_patient_id
    entry.OperatorsName = who.operator
    scanner.add_new(0x20, "SQ", Sequence([entry]))


def plant_outside_the_modules(instance: FileDataset, who: Identity) -> None:
    """Hide particulars in the preamble, the file meta information and the trailing padding."""
    instance.preamble = f"{who.patient_id} {who.spoken_name}".encode().ljust(_PREAMBLE_BYTES, b"\0")
    instance.file_meta.SourceApplicationEntityTitle = who.sending_ae_title
    instance.file_meta.SendingApplicationEntityTitle = who.sending_ae_title
    instance.file_meta.ReceivingApplicationEntityTitle = who.station_name
    instance.add_new(0xFFFCFFFC, "OB", f"padding {who.patient_id} {who.phone}".encode())


def _other_patient_id(who: Identity) -> Dataset:
    item = Dataset()
    item.PatientID = who.other_patient_id
    item.IssuerOfPatientID = who.institution
    item.TypeOfPatientID = "TEXT"
    return item


def _reference(sop_class: str, seed: int, purpose: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = synthetic_uid(seed, purpose)
    return item
