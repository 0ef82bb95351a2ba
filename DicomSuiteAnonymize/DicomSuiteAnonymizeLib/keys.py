"""The run's key, and every pseudonym that is derived from it."""

import hmac
import os
import stat
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError

KEY_BYTES = 32
"""Length of a generated key; HMAC-SHA-256 gains nothing from a longer one."""

_BASE32 = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's alphabet: no letters that are read as digits, safe in every DICOM character set and file system."""

WELL_KNOWN_ROOT = b"1.2.840.10008."
"""UIDs below this root are defined by the standard itself (PS3.6 Annex A) and identify nobody."""

_CACHED_UIDS = 50_000


def default_key_file() -> Path:
    """Where the key lives unless the user names another place: one key per user, outside every output folder."""
    return Path.home() / ".dicomsuite" / "deidentification.key"


def load_or_create_key(path: Path) -> bytes:
    """Key stored in `path` as one line of hexadecimal digits; a missing file is created with mode 0600.

    Raises AnonymizeError where the file is no key, is readable by other users, or cannot be created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read_key(path)
        with open(descriptor, "w", encoding="ascii") as file:
            key = os.urandom(KEY_BYTES)
            file.write(key.hex() + "\n")
        return key
    except OSError as error:
        raise AnonymizeError(
            f"Key file {path}: {error.strerror}. Name a file that you can write with --key-file."
        ) from error


def load_key(path: Path) -> bytes:
    """Key stored in `path`. Raises AnonymizeError where there is none, or other users can read it."""
    try:
        return _read_key(path)
    except OSError as error:
        raise AnonymizeError(f"Key file {path}: {error.strerror}. Name the key's file with --key-file.") from error


def _read_key(path: Path) -> bytes:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise AnonymizeError(f"Key file {path} can be read by other users: run `chmod 600 {path}` first.")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES // 2:
        raise AnonymizeError(
            f"Key file {path} is not a DicomSuite key (one line of at least {KEY_BYTES} hexadecimal digits): "
            "name another file with --key-file."
        )
    return key


class Pseudonyms:
    """Keyed one-way pseudonyms (HMAC-SHA-256), equal for equal input wherever and whenever they are made.

    Values are the encoded attribute values; trailing padding does not count.
    """

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, digestmod="sha256")
        self._uids: dict[bytes, bytes] = {}

    def digest(self, domain: bytes, value: bytes) -> bytes:
        """32 bytes that depend on key, domain and value; domains never share results."""
        mac = self._mac.copy()  # keyed once
        mac.update(domain + b"\0" + value)
        return mac.digest()

    def code(self, domain: bytes, value: bytes, length: int) -> bytes:
        """`length` base-32 characters (5 bits each, at most 51) standing for `value`."""
        number = int.from_bytes(self.digest(domain, value), "big")
        return bytes(_BASE32[number >> 5 * place & 31] for place in range(length))

    def uid(self, old: bytes) -> bytes:
        """New UID (2.25 and a 128-bit number, PS3.5 B.2) for one UID without padding; the standard's own stay."""
        new = self._uids.get(old)
        if new is None:
            if old.startswith(WELL_KNOWN_ROOT) or not old:
                return old
            number = int.from_bytes(self.digest(b"uid", old)[:16], "big")
            # RFC 9562 version 8 (custom) and variant bits: the number is a valid UUID, as 2.25 asks for.
            number = number & ~(0xF << 76) | 0x8 << 76
            number = number & ~(0x3 << 62) | 0x2 << 62
            new = b"2.25.%d" % number
            if len(self._uids) >= _CACHED_UIDS:
                self._uids.clear()
            self._uids[old] = new
        return new

    def patient(self, identity: bytes) -> bytes:
        """Pseudonym of a patient, used as Patient ID, Patient's Name and folder name."""
        return b"DS-" + self.code(b"patient", identity, 12)

    def names_of_patient(self, identity: bytes) -> frozenset[str]:
        """What edits for a single patient may call the patient."""
        return frozenset((self.patient(identity).decode(),))

    def date_offset(self, identity: bytes) -> int:
        """Days to add to every date of this patient: between -3650 and -1, the same for the whole patient."""
        return -1 - int.from_bytes(self.digest(b"date offset", identity)[:8], "big") % 3650
