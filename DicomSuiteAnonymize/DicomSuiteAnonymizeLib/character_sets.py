"""Text in a data set's Specific Character Set (PS3.5 6.1), strict: what cannot be converted raises ValueError."""

import re
import warnings

_ESCAPE = 0x1B
ESCAPE_SEQUENCES = re.compile(rb"\x1b[$()\-,.]{1,2}[0-9A-Za-z]")
"""ISO 2022 switches between code tables; they hold no text."""
_PYTHON_CODECS = {
    b"ISO_IR 100": "latin-1",
    b"ISO_IR 101": "iso8859-2",
    b"ISO_IR 144": "iso8859-5",
    b"ISO_IR 192": "utf-8",
}
"""Character sets without code switching that need no pydicom, whose import takes longer than a hundred files."""


def decode_text(value: bytes, character_set: bytes) -> str:
    """Text of an encoded value; `character_set` is the value of (0008,0005)."""
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii")
    if character_set in _PYTHON_CODECS:
        return value.decode(_PYTHON_CODECS[character_set])
    from pydicom.charset import decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return decode_bytes(value, _encodings(character_set), {"\\", "^", "=", "\r", "\n", "\t", "\f"})
        except (LookupError, UserWarning) as error:
            raise ValueError("text does not follow the data set's character set") from error


def encode_text(text: str, vr: bytes, character_set: bytes) -> bytes:
    """Encoded text without padding."""
    if text.isascii():
        return text.encode("ascii")
    if character_set in _PYTHON_CODECS:
        return text.encode(_PYTHON_CODECS[character_set])
    from pydicom.charset import encode_string
    from pydicom.valuerep import PersonName

    encodings = _encodings(character_set)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            if vr == b"PN":
                return PersonName(text, encodings).encode(encodings)
            return b"\\".join(encode_string(part, encodings) for part in text.split("\\"))
        except (LookupError, UserWarning) as error:
            raise ValueError("text does not fit into the data set's character set") from error


def _encodings(character_set: bytes) -> list[str]:
    from pydicom.charset import convert_encodings

    names = [name.strip() for name in character_set.decode("ascii", "replace").split("\\")]
    return convert_encodings(names if len(names) > 1 else names[0])
