"""What belongs together stays together: instances, series, studies, frames of reference and all that names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.leaks import OldUIDs
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from real_data import DATA, real_data
from task_runs import Pair, pairs_of, run_tasks
from validators import findings

PROFILES = ("basic", "research", "teaching")
PATIENTS = DATA / "sts"
WELL_KNOWN = "1.2.840.10008."
OWN_UIDS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
GEOMETRY = (
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SliceLocation",
    "InstanceNumber", "Rows", "Columns", "RescaleSlope", "RescaleIntercept",
)  # fmt: skip
KINDS = ("SEG", "SR", "KO", "PR", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG")

DEMANDED_BY_TABLE = {
    "PR": {
        f"Error - Missing attribute Type 1 Required Element=<{name}> Module=<PresentationStateIdentification>": 1
        for name in ("PresentationCreationDate", "PresentationCreationTime")
    }
}
"""The one place where Table E.1-1 removes (X) what an IOD requires: without an option that retains dates,
(0070,0082) and (0070,0083) have to go from presentation states."""

STUDY_IS_NO_INSTANCE = Counter(("Error - Missing SOPInstanceUID that was referenced -  for file ",))
"""What dcentvfy says of every RTSTRUCT: it takes the study that RT Referenced Study Sequence names for an instance."""

UidPath = tuple[str | int, ...]
"""Keywords of the sequences and numbers of their items, then the keyword of the attribute."""


@dataclass(frozen=True)
class Object:
    """An instance before and after."""

    pair: Pair
    before: Dataset
    after: Dataset


@dataclass(frozen=True)
class Study:
    """Objects that may reference each other."""

    objects: list[Object]

    @property
    def sources(self) -> list[Path]:
        return [found.pair.source for found in self.objects]

    @property
    def outputs(self) -> list[Path]:
        return [found.pair.output for found in self.objects]

    def of(self, modality: str) -> list[Object]:
        """The objects of one modality."""
        return [found for found in self.objects if found.before.Modality == modality]

    @cached_property
    def new_uids(self) -> dict[str, str]:
        """New by old UID of everything that the study consists of; each old one has one new one and vice versa."""
        pairs = {
            (found.before[name].value, found.after[name].value)
            for found in self.objects
            for name in OWN_UIDS
            if name in found.before
        }
        olds, news = (Counter(column) for column in zip(*pairs, strict=True))
        assert {*olds.values(), *news.values()} == {1}
        assert not olds.keys() & news.keys()
        return dict(pairs)


def uids(dataset: Dataset, path: UidPath = ()) -> Iterator[tuple[UidPath, str]]:
    """Every UID of a public attribute, at any depth, that the standard has not given out itself."""
    for tag in filter(dictionary_has_tag, sorted(dataset.keys())):
        vr, name = dictionary_VR(tag), keyword_for_tag(tag)
        if vr == "SQ":
            for number, item in enumerate(dataset[tag].value):
                yield from uids(item, (*path, name, number))
        elif vr == "UI" and (value := dataset[tag].value) and not value.startswith(WELL_KNOWN):
            yield (*path, name), value


def broken_references(study: Study) -> list[UidPath]:
    """Where the output does not name the new instance, series … of the one that the source names."""
    broken = []
    for found in study.objects:
        after = dict(uids(found.after))
        broken += [
            path
            for path, old in uids(found.before)
            if old in study.new_uids and after.get(path) != study.new_uids[old]
        ]
    return broken


def values(dataset: Dataset, names: tuple[str, ...]) -> list[str]:
    return [str(dataset.get(name)) for name in names]


def deidentified(sources: list[Path], profile: str, target: Path) -> list[Object]:
    pairs = pairs_of(run_tasks(sources, target, BUILT_IN[profile]), target)
    assert len(pairs) == len(sources)
    return [Object(pair, dcmread(pair.source), dcmread(pair.output)) for pair in pairs]


def with_references_to(images: list[Path], structures: Dataset) -> Dataset:
    """The RTSTRUCT with each contour naming the slice in whose plane it lies, and all slices named for the series."""
    by_height = {float(image.ImagePositionPatient[2]): image for image in map(dcmread, images)}
    for roi in structures.ROIContourSequence:
        for contour in roi.ContourSequence:
            height = min(by_height, key=lambda slice_height, z=contour.ContourData[2]: abs(slice_height - z))
            contour.ContourImageSequence[0].ReferencedSOPInstanceUID = by_height[height].SOPInstanceUID
    series = structures.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    del series.ContourImageSequence[len(by_height) :]
    for item, image in zip(series.ContourImageSequence, by_height.values(), strict=True):
        item.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return structures


@pytest.fixture(scope="module")
def whole_patients(tmp_path_factory) -> dict[str, list[Path]]:
    """CT and RTSTRUCT of each real patient, by folder name.

    As published, the RTSTRUCTs name study, series and frame of reference of the CT, but slices that are not in it.
    Here copies of them name the slices at the height of their contours.
    """
    real_data("sts")
    folder = tmp_path_factory.mktemp("patients")
    found = {}
    for patient in sorted(path for path in PATIENTS.iterdir() if path.is_dir()):
        images = sorted((patient / "ct").iterdir())
        (published,) = (patient / "rtstruct").iterdir()
        with_references_to(images, dcmread(published)).save_as(folder / f"{patient.name}.dcm")
        found[patient.name] = [*images, folder / f"{patient.name}.dcm"]
    return found


@pytest.fixture(scope="module", params=PROFILES)
def patients(request, whole_patients, tmp_path_factory) -> dict[str, Study]:
    """The real patients, de-identified in one run."""
    files = [file for of_patient in whole_patients.values() for file in of_patient]
    objects = deidentified(files, request.param, tmp_path_factory.mktemp(request.param))
    return {
        name: Study([found for found in objects if found.pair.source in of_patient])
        for name, of_patient in whole_patients.items()
    }


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Path]:
    """The files of a study with every kind of object that references images."""
    pytest.importorskip("highdicom")
    from referencing_objects import ct_images, referencing_objects

    folder = tmp_path_factory.mktemp("referencing")
    named = {f"ct {number}": image for number, image in enumerate(ct_images())} | referencing_objects()
    for name, dataset in named.items():
        dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module", params=PROFILES)
def study(request, sources, tmp_path_factory) -> Study:
    return Study(deidentified(sources, request.param, tmp_path_factory.mktemp(request.param)))


def test_every_reference_of_real_structure_sets_resolves(patients):
    for patient in patients.values():
        assert broken_references(patient) == []
        images = {image.after.SOPInstanceUID for image in patient.of("CT")}
        (structures,) = (found.after for found in patient.of("RTSTRUCT"))
        image = patient.of("CT")[0].after
        (frame,) = structures.ReferencedFrameOfReferenceSequence
        (in_study,) = frame.RTReferencedStudySequence
        (series,) = in_study.RTReferencedSeriesSequence
        assert frame.FrameOfReferenceUID == image.FrameOfReferenceUID
        assert in_study.ReferencedSOPInstanceUID == image.StudyInstanceUID == structures.StudyInstanceUID
        assert series.SeriesInstanceUID == image.SeriesInstanceUID
        assert images == {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence}


def test_each_contour_still_names_the_slice_that_it_lies_in(patients):
    for patient in patients.values():
        heights = {image.after.SOPInstanceUID: float(image.after.ImagePositionPatient[2]) for image in patient.of("CT")}
        (structures,) = patient.of("RTSTRUCT")
        sequences = (one.ROIContourSequence for one in (structures.before, structures.after))
        for before, after in zip(*sequences, strict=True):
            for drawn, contour in zip(before.ContourSequence, after.ContourSequence, strict=True):
                assert contour.ContourData == drawn.ContourData
                (image,) = contour.ContourImageSequence
                assert contour.ContourData[2] == pytest.approx(heights[image.ReferencedSOPInstanceUID], abs=0.1)


@pytest.mark.parametrize("profile", PROFILES)
def test_references_to_absent_slices_keep_what_they_have_in_common(profile, whole_patients, tmp_path):
    published = sorted(PATIENTS.glob("*/rtstruct/*.dcm"))
    first_slices = [files[0] for files in whole_patients.values()]
    assert len(published) == len(first_slices)
    study = Study(deidentified([*published, *first_slices], profile, tmp_path))
    assert broken_references(study) == []
    for found in study.of("RTSTRUCT"):
        before, after = ([uid for _, uid in uids(dataset)] for dataset in (found.before, found.after))
        assert [before.index(uid) for uid in before] == [after.index(uid) for uid in after]
        assert not set(before) & set(after)


def test_order_and_geometry_of_real_slices_are_unchanged(patients):
    for patient in patients.values():
        for image in patient.of("CT"):
            assert values(image.after, GEOMETRY) == values(image.before, GEOMETRY)
        numbers = Counter(image.after.InstanceNumber for image in patient.of("CT"))
        assert set(numbers.values()) == {1}


def test_the_patients_stay_apart_and_each_has_one_pseudonym(patients):
    identities = {
        name: {
            tuple(values(found.after, ("PatientID", "PatientName", "AccessionNumber", "StudyID", "StudyInstanceUID")))
            for found in patient.objects
        }
        for name, patient in patients.items()
    }
    assert {len(found) for found in identities.values()} == {1}
    columns = list(zip(*(next(iter(found)) for found in identities.values()), strict=True))
    assert [len(set(column)) for column in columns] == [len(patients)] * len(columns)
    for name, found in identities.items():
        assert name not in str(found)


def test_dcentvfy_finds_nothing_wrong_in_real_studies(patients):
    for patient in patients.values():
        assert findings("dcentvfy", patient.sources) == STUDY_IS_NO_INSTANCE
        assert findings("dcentvfy", patient.outputs) == STUDY_IS_NO_INSTANCE


def test_every_reference_of_every_kind_of_object_resolves(study):
    assert broken_references(study) == []
    for kind in KINDS:
        (found,) = study.of(kind)
        own = {name for name in OWN_UIDS if name in found.before}
        known = [path for path, uid in uids(found.before) if uid in study.new_uids and path[-1] not in own]
        assert known, f"{kind} references nothing"


def assert_meta_information_names(found: Object) -> None:
    assert found.after.file_meta.MediaStorageSOPInstanceUID == found.after.SOPInstanceUID
    assert found.after.file_meta.MediaStorageSOPClassUID == found.after.SOPClassUID == found.before.SOPClassUID


def test_meta_information_names_the_instance(study):
    for found in study.objects:
        assert_meta_information_names(found)


def test_meta_information_names_the_real_instance(patients):
    for patient in patients.values():
        for found in patient.objects:
            assert_meta_information_names(found)


def test_dcentvfy_finds_no_entity_broken(study):
    assert findings("dcentvfy", study.outputs) - findings("dcentvfy", study.sources) == Counter()


def test_dciodvfy_finds_no_new_error_in_any_kind_of_object(study):
    for kind in KINDS:
        (found,) = study.of(kind)
        added = findings("dciodvfy", [found.pair.output]) - findings("dciodvfy", [found.pair.source])
        expected = {} if "PresentationCreationDate" in found.after else DEMANDED_BY_TABLE.get(kind, {})
        assert added == Counter(expected), kind


def test_a_segmentation_still_finds_its_source_images_and_their_places(study):
    import highdicom as hd

    (found,) = study.of("SEG")
    before, after = (hd.seg.Segmentation.from_dataset(dataset) for dataset in (found.before, found.after))
    olds = [image[2] for image in before.get_source_image_uids()]
    news = [image[2] for image in after.get_source_image_uids()]
    assert [study.new_uids[old] for old in olds] == news
    assert (
        before.get_pixels_by_source_instance(olds) == after.get_pixels_by_source_instance(news)
    ).all() and before.get_pixels_by_source_instance(olds).any()


def test_a_lesion_tracked_in_two_objects_is_still_one_lesion(study):
    import highdicom as hd

    (segmentation,), (report,) = study.of("SEG"), study.of("SR")
    (group,) = hd.sr.ComprehensiveSR.from_dataset(report.after).content.get_planar_roi_measurement_groups()
    assert group.tracking_uid == segmentation.after.SegmentSequence[0].TrackingUID
    assert group.tracking_uid != segmentation.before.SegmentSequence[0].TrackingUID


def test_a_report_still_names_the_image_and_the_region_that_was_measured(study):
    import highdicom as hd

    (report,) = study.of("SR")
    before, after = (
        hd.sr.ComprehensiveSR.from_dataset(dataset).content.get_planar_roi_measurement_groups()[0]
        for dataset in (report.before, report.after)
    )
    old, new = (group.roi.ContentSequence[0].referenced_sop_instance_uid for group in (before, after))
    assert new == study.new_uids[old]
    assert (after.roi.value == before.roi.value).all()
    assert after.finding_type == before.finding_type
    assert after.get_measurements()[0].value == before.get_measurements()[0].value


def test_key_objects_still_name_the_images_that_were_chosen(study):
    import highdicom as hd

    (document,) = study.of("KO")
    before, after = (hd.ko.KeyObjectSelectionDocument.from_dataset(one) for one in (document.before, document.after))
    chosen = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in before.content.get_references()]
    assert len(chosen) == 2
    for old in chosen:
        resolved = after.resolve_reference(study.new_uids[old])
        assert resolved == tuple(study.new_uids[uid] for uid in before.resolve_reference(old))


def test_an_old_uid_that_begins_another_does_not_change_that_one():
    uids = OldUIDs(frozenset((b"1.2.276.0.7230010.3.1.4", b"1.2.276.0.7230010.3.1.4.55")))
    text = b"see 1.2.276.0.7230010.3.1.4.55 and 1.2.276.0.7230010.3.1.4.551 of 1.2.276.0.7230010.3.1.4"
    replaced = uids.replaced(b"LT", text, lambda uid: b"2.25.%d" % len(uid))
    assert replaced == b"see 2.25.26 and 1.2.276.0.7230010.3.1.4.551 of 2.25.23"
