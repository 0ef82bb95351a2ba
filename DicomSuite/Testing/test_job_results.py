"""What a job has left on disk is found, and what is gone is not offered."""

import csv
from dataclasses import replace

import pytest

from DicomSuiteLib.job_results import (
    LISTED_FILES,
    PICTURE_BYTES,
    RefusedFile,
    findings,
    folder_of,
    has_result,
    picture_of,
    place_of,
    refused_files,
    report_of,
)
from DicomSuiteLib.jobs import Job, JobRequest
from DicomSuiteLib.tasks import State


@pytest.fixture
def job(tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    (output / "report.html").touch()
    return Job("1", JobRequest("anonymize", "De-identify", (), str(output)), 1.0, State.SUCCESS)


def gone(job):
    return replace(job, request=replace(job.request, output="/no/such/folder/out"))


def test_report_and_folder_are_found(job):
    assert report_of(job) == f"{job.request.output}/report.html"
    assert folder_of(job) == job.request.output
    assert place_of(job) == report_of(job)


def test_report_that_the_command_named_comes_first(job, tmp_path):
    (tmp_path / "other.html").touch()
    assert report_of(replace(job, result={"report": str(tmp_path / "other.html")})) == str(tmp_path / "other.html")


def test_folder_is_opened_where_there_is_no_report(job, tmp_path):
    (tmp_path / "out" / "report.html").unlink()
    assert place_of(job) == job.request.output


def test_folder_of_an_output_file_is_the_one_around_it(job, tmp_path):
    assert folder_of(replace(job, request=replace(job.request, output=str(tmp_path / "volume.nrrd")))) == str(tmp_path)


def test_nothing_is_offered_of_what_is_gone_or_never_was(job):
    without = replace(job, request=replace(job.request, output=""))
    for nothing in (gone(job), without):
        assert (report_of(nothing), folder_of(nothing), place_of(nothing)) == ("", "", "")
        assert not has_result(nothing)
    assert not has_result(replace(job, state=State.FAILED))


def test_findings_are_the_first_that_still_exist(job):
    jobs = [gone(job), replace(job, id="2"), replace(job, id="3", state=State.CANCELLED), replace(job, id="4")]
    assert [finding.job.id for finding in findings(jobs, 5)] == ["2", "4"]
    assert [finding.job.id for finding in findings(jobs, 1)] == ["2"]


def test_picture_is_the_one_that_the_command_named(job, tmp_path):
    (tmp_path / "a.png").touch()
    assert picture_of(replace(job, result={"picture": str(tmp_path / "a.png")})) == str(tmp_path / "a.png")
    assert picture_of(replace(job, result={"picture": "/gone.png"})) == picture_of(job) == ""
    (tmp_path / "huge.png").write_bytes(bytes(PICTURE_BYTES + 1))
    assert picture_of(replace(job, result={"picture": str(tmp_path / "huge.png")})) == ""


def test_refused_files_are_read_up_to_the_limit(job, tmp_path):
    path = tmp_path / "quarantined.csv"
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("source", "path", "reason"))
        table.writerows((f"{n:x}", f"/in/é {n}, x.dcm", "burned-in text") for n in range(LISTED_FILES + 50))
    found = refused_files(replace(job, result={"quarantine_list": str(path)}))
    assert len(found) == LISTED_FILES
    assert found[7] == RefusedFile("/in/é 7, x.dcm", "burned-in text")


def test_job_without_a_list_or_with_one_that_is_gone_has_no_refused_files(job):
    assert refused_files(job) == []
    assert refused_files(replace(job, result={"quarantine_list": None})) == []
    assert refused_files(replace(job, result={"quarantine_list": "/gone.csv"})) == []
