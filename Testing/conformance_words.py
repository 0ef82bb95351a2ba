"""The words of the conformance statement; generate_conformance.py adds the tables."""

from __future__ import annotations

from enum import Enum

from DicomSuiteAnonymizeLib.ps315 import Option

HEAD = """# DICOM conformance: de-identification

DicomSuite de-identifies according to the **Basic Application Level Confidentiality Profile of DICOM PS3.15 {edition},
Annex E**, as a de-identifier; it writes no Encrypted Attributes Sequence (E.1.2). `python
Testing/generate_conformance.py` writes this statement from the rules that the program runs by, and a test fails where
it is not current.

DicomSuite is not a medical device, and no program can promise that a data set identifies nobody. `dicomsuite verify`
checks a finished folder, and `dicomsuite score` measures it by an answer key."""

ACTION_CODES = (
    ("X", "removed"),
    ("Z", "emptied"),
    ("D", "replaced by a dummy value that suits the value representation"),
    (
        "U",
        "UID replaced by 2.25 and a 128-bit number that depends on the key and the original, equal wherever it stands",
    ),
    ("K", "kept as it stands"),
    ("I", "sequence kept; each of its items is treated by these same rules, at any depth"),
    ("C", "text cleaned: what identifies is taken out, the rest stays; where that cannot be done, the basic action"),
    ("P", "keyed pseudonym (HMAC-SHA-256): a dummy value that is the same for the same original"),
    ("S", "date shifted by the patient's own number of days (1 to 3650 days back), times of day unchanged"),
)


class Deviation(Enum):
    """Kinds of differences from the standard."""

    OUTSIDE_DATA_SETS = "removed although U or K"
    TIMES_STAY = "K although C"
    REFERENCES_STAY = "items kept although X/Z/U*"


DEVIATIONS = {
    Deviation.OUTSIDE_DATA_SETS: (
        "**Command set, file meta information and directory records** do not belong into a data set: what stands "
        "there is removed, and the file meta information is written anew with its own UIDs."
    ),
    Deviation.TIMES_STAY: (
        "**With Modified Dates, times of day and the offset from UTC stay** as they are. Once the day is moved by a "
        "secret number of days they tell nothing more, and intervals within a day stay exact."
    ),
    Deviation.REFERENCES_STAY: (
        "**X/Z/U\\* is always carried out as U**: references stay, whatever the type, with their UIDs replaced as "
        "everywhere, so that series, contours and reports still find their images."
    ),
}

OPTION_NOTES = {
    Option.RETAIN_SAFE_PRIVATE: (
        "By private creator, group and element: the standard's list (E.3.10-1), bundled lists, and the user's own "
        "(`--safe-private`). Their text is cleaned, and a value that holds an identifier goes."
    ),
    Option.RETAIN_UIDS: "All UIDs stay, also those that the table does not list.",
    Option.RETAIN_DEVICE_IDENTITY: "As the table says.",
    Option.RETAIN_INSTITUTION_IDENTITY: "As the table says.",
    Option.RETAIN_PATIENT_CHARACTERISTICS: (
        "As the table says; the Subject Age of structured content stays only with this option, too."
    ),
    Option.RETAIN_FULL_DATES: "Excludes Modified Dates.",
    Option.RETAIN_MODIFIED_DATES: (
        "One keyed offset for each patient, for all DA and DT, also inside sequences and outside the table; a date "
        "that cannot be read is replaced by a dummy."
    ),
    Option.CLEAN_DESCRIPTORS: (
        "Names, IDs, dates, addresses and numbers known from the header or by their form are taken out, and "
        "capitalised words that no list of medical terms holds."
    ),
    Option.CLEAN_STRUCTURED_CONTENT: "By value type of the content items; codes, measurements and references stay.",
    Option.CLEAN_GRAPHICS: "Overlays without text and annotations stay; text in them is removed or cleaned.",
    Option.CLEAN_PIXEL_DATA: (
        "See Pixels. The code is written only into instances that were treated, or examined by a rule."
    ),
    Option.CLEAN_FACES: (
        "CT and MR of the head: the face's voxels are replaced; series that cannot be judged are set aside. The code "
        "is written only into instances that were treated."
    ),
}

PIXEL_RISK_HEAD = """Without the option Clean Pixel Data, pixel data are copied byte for byte, and an instance whose
pixels may show who the patient is goes into quarantine: one of the SOP classes below, Burned In Annotation YES,
modality US, IVUS, ES or XC, the image types and descriptions of screen captures and dose reports, colour pictures in
series of CT, MR, PT, NM, CR, DX and MG, and overlays in unused bits of Pixel Data, which old CT and MR devices wrote
(an Overlay Bit Position (60xx,0102) that is not 0, or Overlay Rows without Overlay Data). `--allow-pixel-risk` lets
them pass, and the report says so.

With the option, such an instance is cleaned where a rule for its device, its ultrasound regions (0018,6011) or, with
`--ocr`, text recognition says where text stands: the boxes become black and everything outside them stays bit for
bit; lossy pictures are written without further loss. Photographs, videos and documents are never cleaned, and what no
rule covers stays in quarantine. Of overlays in unused bits, these bits are cleared and every value stays; bits of a
region of interest that Clean Graphics keeps stay as well."""

BUNDLED_RULES_HEAD = """The rules that come with DicomSuite, in the order in which they are tried, after the user's
own (`--pixel-rules`); boxes are width x height at (left, top) in pixels."""

TAIL = """## What the table does not list

- Any PN becomes a keyed pseudonym, any UI that names no class, transfer syntax or coding scheme is replaced (U), any
  DA or DT becomes a dummy, or is shifted with Modified Dates; other listed attributes of PS3.6 stay.
- Birth and death in an alternative calendar (0010,0033), (0010,0034) and numbers of orders (0040,1006), (0040,1007),
  (0040,2006), (0040,2007) are removed, as the table does with their like.
- Private attributes and attributes that PS3.6 does not know are removed, and so is an Encrypted Attributes Sequence
  (0400,0500), in which an earlier de-identification may have left the originals for whoever has its key.
- Patient's Name and Patient ID are never empty (the standard's Z allows a dummy value): archives and viewers break on
  empty ones. Accession Number and Study ID get pseudonyms, so that studies stay apart.
- The preamble, application entities and private information in the file meta information, group lengths and trailing
  padding are removed.
- Original names, IDs, addresses and numbers of the patient and of other persons are searched for in everything that
  stays. What is found is taken out, or, with `--on-leak fail`, its file is quarantined.

## Markers

Patient Identity Removed (0012,0062) is YES, De-identification Method (0012,0063) names edition, profile and a digest
of its rules, De-identification Method Code Sequence (0012,0064) holds 113100 and the code of each option that was
applied to the instance (PS3.16 CID 7050), Longitudinal Temporal Information Modified (0028,0303) is REMOVED, MODIFIED
or UNMODIFIED. Rules of one's own for single attributes change the digest, not the codes; where they keep real dates
beside removed or shifted ones, (0028,0303) is left out, and where they shift dates instead of removing them, it is
MODIFIED.

## Edits that go beyond the table

A profile may keep, empty, remove or replace single attributes, give them pseudonyms, shift dates, cap ages at 89
(090Y) and reduce addresses to the first three digits of a ZIP code (45 CFR 164.514(b)(2)). Such edits come before the
table; an edit that keeps an attribute is the user's decision and no longer the standard's.

## Files that are not DICOM

With `--other-formats`, NIfTI, NRRD, PNG, JPEG, TIFF and JSON sidecars are stripped to what the image needs. No
profile of DICOM applies to them, and nothing in them tells what to search for: what a picture shows is not looked at.

## What is quarantined

Never written, and named in a list beside the key: files that are truncated or broken, or encoded otherwise than their
transfer syntax says; files without SOP class or instance UID; DICOMDIR; images whose pixel data do not have the
length that their attributes ask for; what the section Pixels says; heads whose face cannot be found with certainty,
where the option asks for it; values that could not be taken out; typed values that the file's character set cannot
hold.

## What is not done

- Nothing is done about faces without the option Clean Recognizable Visual Features, and nothing about other parts of
  the body (teeth, implants, tattoos) at all.
- Words in small letters that are a name in no list, and that no other attribute of the file holds, may stay in
  cleaned text.
- Digital signatures are removed, not renewed."""

TABLE_HEAD = """*E.1-1* is the standard's action of the Basic Profile, *DicomSuite* what is done at top level; a
compound action is resolved by the attribute's type in the object's IOD (PS3.3), inside sequences by its type there.
*With options* says what each option alone makes of it, by its word on the command line."""
