"""Which instances may show identifying text in their pixels, or are documents: nothing a header can clean."""

from collections.abc import Mapping
from functools import lru_cache

from DicomSuiteAnonymizeLib.elements import wire

_ULTRASOUND = "ultrasound image, which usually shows the patient's name"
_CAPTURE = "secondary capture, a picture of a screen or a scanned paper"
_CAMERA = "photograph or video, which may show the patient"
_DOCUMENT = "encapsulated document, which the engine does not read"
_RISKY_CLASSES: Mapping[bytes, str] = {
    b"1.2.840.10008.5.1.4.1.1.3": _ULTRASOUND,
    b"1.2.840.10008.5.1.4.1.1.3.1": _ULTRASOUND,
    b"1.2.840.10008.5.1.4.1.1.6": _ULTRASOUND,
    b"1.2.840.10008.5.1.4.1.1.6.1": _ULTRASOUND,
    b"1.2.840.10008.5.1.4.1.1.6.2": _ULTRASOUND,
    b"1.2.840.10008.5.1.4.1.1.7": _CAPTURE,
    b"1.2.840.10008.5.1.4.1.1.7.1": _CAPTURE,
    b"1.2.840.10008.5.1.4.1.1.7.2": _CAPTURE,
    b"1.2.840.10008.5.1.4.1.1.7.3": _CAPTURE,
    b"1.2.840.10008.5.1.4.1.1.7.4": _CAPTURE,
    b"1.2.840.10008.5.1.4.1.1.77.1.1": _CAMERA,
    b"1.2.840.10008.5.1.4.1.1.77.1.1.1": _CAMERA,
    b"1.2.840.10008.5.1.4.1.1.77.1.2.1": _CAMERA,
    b"1.2.840.10008.5.1.4.1.1.77.1.4": _CAMERA,
    b"1.2.840.10008.5.1.4.1.1.77.1.4.1": _CAMERA,
}
_DOCUMENT_ROOT = b"1.2.840.10008.5.1.4.1.1.104."
_XA_RF = (b"1.2.840.10008.5.1.4.1.1.12.1", b"1.2.840.10008.5.1.4.1.1.12.2")

RISKY_MODALITIES: Mapping[bytes, str] = {
    b"US": _ULTRASOUND,
    b"IVUS": _ULTRASOUND,
    b"ES": _CAMERA,
    b"XC": _CAMERA,
}
_SCREEN_WORDS = (
    b"SCREEN",
    b"DOSE",
    b"CAPTURE",
    b"VOLREN",
    b"VRT",
    b"3D EDITOR",
    b"CSA REPORT",
    b"PASTED",
    b"PROTOCOL",
)
_SCREEN_DESCRIPTIONS = (
    b"dose report",
    b"dose info",
    b"dose summary",
    b"patient protocol",
    b"screen save",
    b"screensave",
)
_GREY_MODALITIES = frozenset((b"CT", b"MR", b"PT", b"NM", b"CR", b"DX", b"MG"))

CLASS, IMAGE_TYPE, MODALITY, CONVERSION = (
    wire(0x00080016),
    wire(0x00080008),
    wire(0x00080060),
    wire(0x00080064),
)
SERIES_DESCRIPTION, PHOTOMETRIC, BURNED_IN = wire(0x0008103E), wire(0x00280004), wire(0x00280301)
_LOOKED_AT = (CLASS, IMAGE_TYPE, MODALITY, CONVERSION, SERIES_DESCRIPTION, PHOTOMETRIC, BURNED_IN)


def is_cleanable(risk: str) -> bool:
    """Whether a picture with this risk may be clean once its text is blanked: not a photograph, nor a document."""
    return risk not in (_CAMERA, _DOCUMENT)


def is_ultrasound(risk: str) -> bool:
    """Whether this is the risk of ultrasound images."""
    return risk == _ULTRASOUND


def pixel_risk(facts: Mapping[int, bytes], media_class: bytes) -> str:
    """Why the pixels may identify the patient; "" where there is no sign of it.

    `facts` are original values by wire tag, `media_class` the SOP class of the file meta information.
    """
    return _risk(media_class, *map(facts.get, _LOOKED_AT))


@lru_cache(maxsize=256)
def _risk(media_class: bytes, *values: bytes | None) -> str:
    facts = {tag: value for tag, value in zip(_LOOKED_AT, values, strict=True) if value is not None}
    for sop_class in (media_class, _value(facts, CLASS)):
        if sop_class in _RISKY_CLASSES:
            return _RISKY_CLASSES[sop_class]
        if sop_class.startswith(_DOCUMENT_ROOT):
            return _DOCUMENT
    if _value(facts, BURNED_IN).upper() == b"YES":
        return "burned-in annotation, as the file itself says"
    if _value(facts, MODALITY) in RISKY_MODALITIES:
        return RISKY_MODALITIES[_value(facts, MODALITY)]
    return _screen_risk(facts, media_class)


def _screen_risk(facts: Mapping[int, bytes], media_class: bytes) -> str:
    image_type = _value(facts, IMAGE_TYPE).upper()
    if any(word in image_type for word in _SCREEN_WORDS):
        return "screen picture (dose report, 3D view or capture), as Image Type says"
    if any(words in _value(facts, SERIES_DESCRIPTION).lower() for words in _SCREEN_DESCRIPTIONS):
        return "screen picture (dose report or protocol), as Series Description says"
    if media_class in _XA_RF and (b"SECONDARY" in image_type or b"DERIVED" in image_type):
        return "captured angiography or fluoroscopy picture"
    if CONVERSION in facts and _value(facts, CONVERSION) in (b"WSD", b"DF", b"SD", b"SI", b"DV", b"DI"):
        return _CAPTURE
    colour = _value(facts, PHOTOMETRIC).startswith((b"RGB", b"YBR", b"PALETTE"))
    if colour and _value(facts, MODALITY) in _GREY_MODALITIES:
        return "colour picture in a series of grey images, usually a screen capture"
    return ""


def _value(facts: Mapping[int, bytes], tag: int) -> bytes:
    return facts.get(tag, b"").strip(b"\0 ")
