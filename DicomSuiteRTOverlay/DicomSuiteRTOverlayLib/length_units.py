"""Words for units of length in image headers."""

MM_PER_UNIT = {
    "mm": 1.0,
    "millimeter": 1.0,
    "millimeters": 1.0,
    "millimetre": 1.0,
    "millimetres": 1.0,
    "um": 1e-3,
    "µm": 1e-3,  # U+00B5, the micro sign
    "μm": 1e-3,  # U+03BC, the Greek letter
    "micron": 1e-3,
    "microns": 1e-3,
    "micrometer": 1e-3,
    "micrometers": 1e-3,
    "micrometre": 1e-3,
    "micrometres": 1e-3,
    "nm": 1e-6,
    "nanometer": 1e-6,
    "nanometers": 1e-6,
    "cm": 10.0,
    "centimeter": 10.0,
    "centimeters": 10.0,
    "centimetre": 10.0,
    "centimetres": 10.0,
    "m": 1000.0,
    "meter": 1000.0,
    "meters": 1000.0,
    "metre": 1000.0,
    "metres": 1000.0,
}
"""Unit, in lower case -> mm."""
