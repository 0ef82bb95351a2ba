"""What DicomSuite calls itself in the files and reports that it writes."""

VERSION = "0.1.0"
TOOL = f"DicomSuite {VERSION}"
IMPLEMENTATION_CLASS_UID = b"2.25.114208669436674004228459328453533881852"
"""(0002,0012): identifies this implementation; made once from a random UUID."""
IMPLEMENTATION_VERSION_NAME = b"DICOMSUITE_0.1"
"""(0002,0013), at most 16 characters."""
