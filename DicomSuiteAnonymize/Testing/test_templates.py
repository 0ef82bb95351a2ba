"""What instances of a series share is walked once, and that changes no result."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from DicomSuiteAnonymizeLib.engine import Engine
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.rewriter import rewrite_bytes
from DicomSuiteAnonymizeLib.source_file import SourceFile
from DicomSuiteAnonymizeLib.templates import Stretch
from rewriting import KEY


def instance(number: int, patient: str = "Miller^Anna", extra: bool = False, series: str = "1.2.3.4") -> bytes:
    """A small CT file; `number` tells the instances of a series apart."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, f"{series}.{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", series
    dataset.Modality, dataset.PatientName, dataset.PatientID = "CT", patient, f"ID-{patient}"
    dataset.StudyDate, dataset.Manufacturer, dataset.KVP = "20200131", "ACME", "120"
    dataset.InstanceNumber, dataset.ImagePositionPatient = number, [0, 0, number]
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = 2, 2, 16
    dataset.add_new("PixelData", "OW", bytes(8))
    request = Dataset()
    request.ReferencedSOPClassUID, request.ReferencedSOPInstanceUID = CTImageStorage, "1.2.3.9"
    dataset.ReferencedImageSequence = [request]
    if extra:
        dataset.SliceThickness = "1.25"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def outputs(engine: Engine, sources: list[bytes], folder) -> list[tuple]:
    """What the engine makes of each file, one after the other."""
    results = []
    for source in sources:
        (folder / "in.dcm").write_bytes(source)
        with SourceFile(str(folder / "in.dcm")) as opened:
            made = rewrite_bytes(opened, engine)
        header = b"".join(part for part in made.parts if isinstance(part, bytes))
        results.append((header, made.changes, made.digest, made.subject.identity.patient))
    return results


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("templates")


choices = st.lists(
    st.builds(
        instance,
        st.integers(1, 9),
        st.sampled_from(["Miller^Anna", "Li^Na", "ACME"]),
        st.booleans(),
        st.sampled_from(["1.2.3.4", "1.2.3.55"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(choices)
def test_what_was_read_before_does_not_change_a_result(folder, sources):
    together = outputs(Engine(BUILT_IN["basic"], KEY), sources, folder)
    alone = [outputs(Engine(BUILT_IN["basic"], KEY), [source], folder)[0] for source in sources]
    assert together == alone


def test_the_fourth_instance_of_a_series_is_mostly_known(folder):
    engine = Engine(BUILT_IN["basic"], KEY)
    outputs(engine, [instance(number) for number in (1, 2, 3)], folder)
    template = engine.plan.level(CTImageStorage).template(True)
    walked = sum(len(stretch.elements) for stretch in template.stretches.values())
    assert len(template.varying) == 3  # SOP Instance UID, Instance Number, Image Position
    assert walked == 13
    assert all(type(stretch) is Stretch for stretch in template.stretches.values())
