"""A finished output folder checked apart from the engine: read with pydicom, rules told a second time."""
