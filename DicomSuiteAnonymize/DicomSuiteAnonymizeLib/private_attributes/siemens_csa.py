"""Siemens CSA headers (0029,xx10) and (0029,xx20): the numbers of diffusion, timing and sequence, and nothing else.

A CSA header is a list of named elements, and the series header also holds the whole protocol as text: names of
protocols, UIDs of reference images with dates, the patient's weight and age. So nothing is taken out: a new header is
built of the elements named here, and of those only where every value is a number. Layout: the one that begins with
SV10, as nibabel's csareader describes it; of any other nothing is kept.
"""

import re
from collections.abc import Iterator
from struct import Struct, error

from DicomSuiteAnonymizeLib.elements import LONG_VRS, SHORT_VRS

_MAGIC = b"SV10\x04\x03\x02\x01"
_COUNT = Struct("<II")
_ELEMENT = Struct("<64si4siiI")
_ITEM = Struct("<4I")
_MARK = 77
_MOST_ELEMENTS, _MOST_ITEMS = 1000, 10_000

_VRS = SHORT_VRS | LONG_VRS
_NUMBER = re.compile(rb"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_FORMS = {
    b"DiffusionDirectionality": re.compile(rb"BMATRIX|DIRECTIONAL|ISOTROPIC|NONE"),
    b"ICE_Dims": re.compile(rb"X?[0-9_]{1,100}"),
} | dict.fromkeys(
    b"B_matrix B_value BandwidthPerPixelPhaseEncode DiffusionGradientDirection EchoColumnPosition EchoLinePosition "
    b"EchoPartitionPosition ImaAbsTablePosition ImaRelTablePosition MeasuredFourierLines MosaicRefAcqTimes "
    b"MultistepIndex NumberOfImagesInMosaic PhaseEncodingDirectionPositive ProtocolSliceNumber RBMoCoRot RBMoCoTrans "
    b"RealDwellTime SliceMeasurementDuration SliceNormalVector SlicePosition_PCS SliceResolution "
    b"TimeAfterStart".split(),
    _NUMBER,
)
"""Form of every value, by the name of an element that is kept."""

_PROTOCOL = b"MrPhoenixProtocol"
_PROTOCOL_LINE = re.compile(
    rb"(?P<key>al(TR|TE|TI)\[\d{1,3}\]|lContrasts|lInvContrasts|lDelayTimeInTR|dAveragesDouble|ucCoilCombineMode"
    rb"|ucReadOutMode|sAsl\.(sPostLabelingDelay\[\d{1,2}\]|ulLabelingDuration)"
    rb"|sDiffusion\.(dsScheme|sFreeDiffusionData\.(lDiffDirections|asDiffDirVector\[\d{1,4}\]\.d(Sag|Cor|Tra)))"
    rb"|sFastImaging\.(lEchoSpacing|lEPIFactor|lEchoTrainDuration)"
    rb"|sGRADSPEC\.((asGPAData\[0\]\.)?lOffset[XYZ]|alShimCurrent\[\d\])"
    rb"|sKSpace\.(dPhaseOversamplingForDialog|dPhaseResolution|dSliceResolution|lBaseResolution|lPartitions"
    rb"|lPhaseEncodingLines|uc2DInterpolation|ucPhasePartialFourier|ucSlicePartialFourier)"
    rb"|sPat\.(dTotalAccelFact|lAccelFact3D|lAccelFactPE|lRefLinesPE|ucPATMode)|sPrepPulses\.ucMTC"
    rb"|sSliceAcceleration\.(lMultiBandFactor|lFOVShiftFactor)|sSliceArray\.(lSize|ucMode|ucImageNumb(Sag|Cor|Tra)?)"
    rb"|sTXSPEC\.asNucleusInfo\[0\]\.flReferenceAmplitude)"
    rb"[ \t]*=[ \t]*(?P<number>0x[0-9a-fA-F]{1,8}|[-+]?\d{1,12}(\.\d{0,15})?([eE][-+]?\d{1,3})?)[ \t]*\r?"
)
"""A line of the protocol that is kept: what it sets, and a number."""
_PROTOCOL_BEGIN, _PROTOCOL_END = b"### ASCCONV BEGIN ###", b"### ASCCONV END ###"
_PROTOCOL_TEXT = re.compile(rb"### ASCCONV BEGIN [^\n]*\n(.*?)### ASCCONV END ###", re.DOTALL)


def cleaned_csa(value: bytes) -> bytes | None:
    """The header with nothing but the numbers that are kept, of even length; None where it cannot be read."""
    try:
        elements = list(_elements(value))
    except error:
        return None
    if not elements:
        return None
    kept = [encoded for one in elements if (encoded := _encoded(*one))]
    return b"".join((_MAGIC, _COUNT.pack(len(kept), _MARK), *kept))


def _elements(value: bytes) -> Iterator[tuple[bytes, int, bytes, int, list[bytes]]]:
    """Name, multiplicity, VR, type number and items of each element; raises struct.error where one is cut off."""
    if not value.startswith(_MAGIC):
        return
    count, _ = _COUNT.unpack_from(value, len(_MAGIC))
    position = len(_MAGIC) + _COUNT.size
    for _ in range(min(count, _MOST_ELEMENTS)):
        name, multiplicity, vr, type_number, items, _ = _ELEMENT.unpack_from(value, position)
        position += _ELEMENT.size
        found = []
        for _ in range(min(max(items, 0), _MOST_ITEMS)):
            length = _ITEM.unpack_from(value, position)[1]
            position += _ITEM.size
            if position + length > len(value):
                raise error
            found.append(_text(value[position : position + length]))
            position += length + -length % 4
        yield _text(name), multiplicity, _text(vr), type_number, found


def _text(value: bytes) -> bytes:
    """What stands before the first NUL; behind it lies whatever was in memory."""
    return value.partition(b"\0")[0]


def _encoded(name: bytes, multiplicity: int, vr: bytes, type_number: int, items: list[bytes]) -> bytes:
    """The element as it is written; empty where it does not stay."""
    if name == _PROTOCOL:
        items = [_numbers_of_protocol(item) for item in items]
    else:
        form = _FORMS.get(name)
        if form is None or not all(form.fullmatch(item) for item in items if item):
            return b""
    if vr not in _VRS or not 0 <= multiplicity <= _MOST_ITEMS or not 0 <= type_number <= _MOST_ITEMS:
        return b""
    head = _ELEMENT.pack(name, multiplicity, vr, type_number, len(items), _MARK)
    return b"".join((head, *map(_encoded_item, items)))


def _encoded_item(item: bytes) -> bytes:
    length = len(item) + 1 if item else 0
    return _ITEM.pack(length, length, _MARK, length) + item.ljust(length + -length % 4, b"\0")


def _numbers_of_protocol(text: bytes) -> bytes:
    """The protocol without every line that is not known to be a number."""
    lines = [line for part in _PROTOCOL_TEXT.findall(text) for line in part.split(b"\n")]
    found = filter(None, map(_PROTOCOL_LINE.fullmatch, lines))
    kept = [match["key"] + b" = " + match["number"] for match in found]
    return b"\n".join((_PROTOCOL_BEGIN, *kept, _PROTOCOL_END)) if kept else b""
