"""The key file and the pseudonyms made with it."""

import os
import stat
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import KEY_BYTES, Pseudonyms, load_or_create_key

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


def test_a_missing_key_file_is_created_and_read_again(tmp_path):
    path = tmp_path / "secret" / "key"
    key = load_or_create_key(path)
    assert len(key) == KEY_BYTES
    assert load_or_create_key(path) == key


@posix_only
def test_a_new_key_file_is_readable_by_the_user_alone(tmp_path):
    load_or_create_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@posix_only
def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "key"
    load_or_create_key(path)
    path.chmod(0o644)
    with pytest.raises(AnonymizeError, match="chmod 600"):
        load_or_create_key(path)


@pytest.mark.parametrize("content", ["", "not hexadecimal", "ab12"])
def test_what_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(AnonymizeError, match="not a DicomSuite key"):
        load_or_create_key(path)


@given(st.from_regex(r"1\.2\.[1-9][0-9]{0,20}(\.[1-9][0-9]{0,10}){0,3}", fullmatch=True))
def test_a_new_uid_is_a_valid_uuid_based_uid(old):
    new = Pseudonyms(b"k" * 32).uid(old.encode()).decode()
    root, number = new.rsplit(".", 1)
    assert root == "2.25"
    assert len(new) <= 64
    assert uuid.UUID(int=int(number)).version == 8
    assert uuid.UUID(int=int(number)).variant == uuid.RFC_4122


def test_uids_of_the_standard_stay():
    assert Pseudonyms(b"k" * 32).uid(b"1.2.840.10008.5.1.4.1.1.2") == b"1.2.840.10008.5.1.4.1.1.2"


@given(st.binary(min_size=1, max_size=64))
def test_another_key_shares_nothing(value):
    one, other = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    assert one.uid(value) != other.uid(value) or value.startswith(b"1.2.840.10008.")
    assert one.patient(value) != other.patient(value)
    assert one.digest(b"x", value) != other.digest(b"x", value)


@given(st.binary(min_size=1, max_size=64))
def test_domains_share_nothing(value):
    pseudonyms = Pseudonyms(b"k" * 32)
    assert pseudonyms.code(b"one", value, 12) != pseudonyms.code(b"other", value, 12)


@given(st.binary(max_size=64))
def test_every_date_offset_is_in_the_past_and_below_ten_years(identity):
    assert -3650 <= Pseudonyms(b"k" * 32).date_offset(identity) <= -1
