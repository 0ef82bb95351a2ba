"""The audit trail: canonical lines, whole or absent."""

import hashlib
import os

import pytest

from DicomSuiteLib.audit import AuditError, AuditTrail, file_sha256


def test_lines_are_canonical(tmp_path):
    with AuditTrail(tmp_path / "audit.jsonl") as trail:
        trail.write({"b": 1, "a": ["é", None]})
        trail.write({"rule": "X"})
    assert (tmp_path / "audit.jsonl").read_bytes() == b'{"a":["\\u00e9",null],"b":1}\n{"rule":"X"}\n'


def test_file_appears_only_when_complete(tmp_path):
    path = tmp_path / "audit.jsonl"
    trail = AuditTrail(path)
    trail.write({"a": 1})
    assert not path.exists()
    trail.close()
    trail.close()
    assert os.listdir(tmp_path) == ["audit.jsonl"]


def test_failed_run_leaves_no_trail_and_keeps_the_former_one(tmp_path):
    path = tmp_path / "audit.jsonl"
    path.write_text("former\n")
    with pytest.raises(ZeroDivisionError), AuditTrail(path) as trail:
        trail.write({"a": 1})
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == ["audit.jsonl"]
    assert path.read_text() == "former\n"


def test_rest_of_a_killed_run_is_overwritten(tmp_path):
    (tmp_path / ".audit.jsonl.part").write_text('{"half')
    with AuditTrail(tmp_path / "audit.jsonl") as trail:
        trail.write({"a": 1})
    assert os.listdir(tmp_path) == ["audit.jsonl"]
    assert (tmp_path / "audit.jsonl").read_text() == '{"a":1}\n'


def test_value_that_json_lacks_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"), AuditTrail(tmp_path / "audit.jsonl") as trail:
        trail.write({"a": float("nan")})
    assert os.listdir(tmp_path) == []


def test_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(AuditError, match=r"nowhere.*cannot be written"):
        AuditTrail(tmp_path / "nowhere" / "audit.jsonl")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_full_disk_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / ".audit.jsonl.part").symlink_to("/dev/full")
    with pytest.raises(AuditError, match="free some space"), AuditTrail(tmp_path / "audit.jsonl") as trail:
        trail.write({"a": 1})
    assert os.listdir(tmp_path) == []


def test_sha256_of_a_file(tmp_path):
    content = os.urandom(300_000)
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
