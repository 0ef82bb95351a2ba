"""How originals stand in a crosswalk: as they are, or encrypted under a key derived from the run's key.

AES-SIV (RFC 5297) needs no random numbers, so that noting the same once more changes nothing, and tells where a sealed
value was altered or moved to another pseudonym.
"""

_PURPOSE = b"dicomsuite crosswalk 1"
_KEY_BYTES = 64


class OpenSeal:
    """Originals are stored as they are; the file's mode protects them."""

    def close(self, _place: str, original: bytes) -> bytes:
        """The original."""
        return original

    def open(self, _place: str, sealed: bytes) -> bytes:
        """The original."""
        return sealed


class KeySeal:
    """Originals are encrypted; `place` says which pseudonym each belongs to. Raises MissingPackageError."""

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF
        except ModuleNotFoundError as error:
            from DicomSuiteLib.missing_package import missing_package

            raise missing_package("cryptography", "Encrypted crosswalks", extra="crosswalk") from error
        self._cipher = AESSIV(HKDF(SHA256(), _KEY_BYTES, salt=None, info=_PURPOSE).derive(key))
        self._altered = InvalidTag

    def close(self, place: str, original: bytes) -> bytes:
        """The encrypted original."""
        return self._cipher.encrypt(original, [place.encode()])

    def open(self, place: str, sealed: bytes) -> bytes:
        """The original. Raises ValueError where the sealed value is not the one that was stored here."""
        try:
            return self._cipher.decrypt(sealed, [place.encode()])
        except self._altered as error:
            raise ValueError("not what was stored here") from error


Seal = OpenSeal | KeySeal
