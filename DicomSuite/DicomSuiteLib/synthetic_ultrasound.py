"""The ultrasound capture of the synthetic study, with the patient's particulars burned into its pixels."""

from __future__ import annotations

import unicodedata

import numpy as np
from pydicom.dataset import FileDataset
from pydicom.uid import UltrasoundImageStorage

from DicomSuiteLib import synthetic_identity as identity
from DicomSuiteLib.synthetic_identity import Identity, synthetic_uid

_ROWS, _COLUMNS = 240, 320
_GLYPH_ROWS, _GLYPH_COLUMNS = 7, 5
_TEXT_SCALE = 2

_GLYPHS = {
    "A": "0E11111F111111", "B": "1E11111E11111E", "C": "0E11101010110E", "D": "1E11111111111E",
    "E": "1F10101E10101F", "F": "1F10101E101010", "G": "0E11101711110F", "H": "1111111F111111",
    "I": "0E04040404040E", "J": "0702020202120C", "K": "11121418141211", "L": "1010101010101F",
    "M": "111B1515111111", "N": "11191915131311", "O": "0E11111111110E", "P": "1E11111E101010",
    "Q": "0E11111115120D", "R": "1E11111E141211", "S": "0F10100E01011E", "T": "1F040404040404",
    "U": "1111111111110E", "V": "11111111110A04", "W": "11111115151B11", "X": "11110A040A1111",
    "Y": "11110A04040404", "Z": "1F01020408101F", "0": "0E11131519110E", "1": "040C040404040E",
    "2": "0E11010204081F", "3": "1F02040201110E", "4": "02060A121F0202", "5": "1F101E0101110E",
    "6": "0608101E11110E", "7": "1F010204080808", "8": "0E11110E11110E", "9": "0E11110F01020C",
    ",": "00000000040408", ".": "00000000000C0C", "-": "0000000E000000", "+": "0004041F040400",
}  # fmt: skip
"""5x7 letters drawn for this file: one byte in hexadecimal per row, bit 4 the leftmost column."""


def ultrasound_capture(who: Identity, seed: int) -> FileDataset:
    """An 8-bit ultrasound image (PS3.3 A.6) with name, ID, birth date and institution in its pixels."""
    image = identity.new_instance(seed, UltrasoundImageStorage, "ultrasound")
    image.SpecificCharacterSet = "ISO_IR 192"
    identity.plant_patient_and_study(image, who, seed)
    image.ImageType = ["ORIGINAL", "PRIMARY"]
    image.Modality = "US"
    image.SeriesInstanceUID = synthetic_uid(seed, "ultrasound series")
    image.SeriesNumber = 3
    image.InstanceNumber = 1
    image.ContentDate = who.study_date
    image.ContentTime = who.study_time
    image.PatientOrientation = None
    image.BodyPartExamined = "ABDOMEN"
    image.BurnedInAnnotation = "YES"
    pixels = _scan_with_caption(who, seed)
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = pixels.shape
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit = 7
    image.PixelRepresentation = 0
    image.PixelData = pixels.tobytes()
    return image


def _scan_with_caption(who: Identity, seed: int) -> np.ndarray:
    """A fan of speckle below three lines of text: uint8, shape (rows, columns)."""
    rows, columns = np.mgrid[0:_ROWS, 0:_COLUMNS]
    depth = np.hypot(rows - 40, columns - _COLUMNS / 2)
    angle = np.arctan2(columns - _COLUMNS / 2, rows - 40)
    speckle = np.random.default_rng(seed).rayleigh(40.0, size=(_ROWS, _COLUMNS))
    fan = (abs(angle) < 0.6) & (depth > 20) & (depth < 190)
    scan = np.where(fan, np.clip(speckle, 0, 200), 0).astype(np.uint8)
    captions = (who.spoken_name, f"{who.patient_id} {who.birth_date}", who.institution)
    for line, caption in enumerate(captions):
        text = _draw(caption)[:, : _COLUMNS - 8]
        top = 4 + line * (_GLYPH_ROWS + 2) * _TEXT_SCALE
        area = scan[top : top + text.shape[0], 4 : 4 + text.shape[1]]
        np.maximum(area, text, out=area)
    return scan


def _draw(text: str) -> np.ndarray:
    """White capitals without accents on black: uint8, 0 or 255; a character without a glyph is a space."""
    plain = unicodedata.normalize("NFKD", text.upper().replace("Ø", "O"))
    letters = [character for character in plain if not unicodedata.combining(character)]
    line = np.hstack([_glyph(letter) for letter in letters])
    return np.kron(line, np.full((_TEXT_SCALE, _TEXT_SCALE), 255, dtype=np.uint8))


def _glyph(letter: str) -> np.ndarray:
    """The glyph with an empty column to its right: uint8, 0 or 1, 7 rows by 6 columns."""
    rows = np.frombuffer(bytes.fromhex(_GLYPHS.get(letter, "00" * _GLYPH_ROWS)), dtype=np.uint8)
    return np.unpackbits(rows[:, None] << (8 - _GLYPH_COLUMNS), axis=1)[:, : _GLYPH_COLUMNS + 1]
