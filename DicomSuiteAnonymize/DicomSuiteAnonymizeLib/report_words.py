"""What actions, options and edits mean, in the words of the report page."""

from collections.abc import Mapping

from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action

MEANINGS: Mapping[str, str] = {
    Action.REMOVE.value: "removed",
    Action.EMPTY.value: "emptied",
    Action.DUMMY.value: "replaced by a dummy value",
    Action.UID.value: "UID replaced by a keyed one",
    Action.PSEUDONYM.value: "replaced by a keyed pseudonym",
    Action.CLEAN.value: "cleaned: identifying parts taken out of the text",
    Action.SHIFT.value: "date shifted by the patient's offset",
    Action.REPLACE.value: "replaced by the text that the user typed",
    Action.RENUMBER.value: "renumbered along the series",
}
"""What an action code means, in the order in which the codes are shown."""

KEPT: Mapping[Option, tuple[str, str]] = {
    Option.RETAIN_SAFE_PRIVATE: (
        "Private attributes that PS3.15 lists as safe (table E.3.10-1)",
        "Technical values of the manufacturers; every other private attribute is removed.",
    ),
    Option.RETAIN_UIDS: (
        "The original UIDs",
        "Whoever has access to the original archive can find the patient by them.",
    ),
    Option.RETAIN_DEVICE_IDENTITY: (
        "What identifies the device, such as serial number and station name",
        "Together with dates it may tell where and when somebody was examined.",
    ),
    Option.RETAIN_INSTITUTION_IDENTITY: (
        "Name, address and department of the institution",
        "It narrows down where the patient lives.",
    ),
    Option.RETAIN_PATIENT_CHARACTERISTICS: (
        "Age, sex, height, weight, smoking status, pregnancy status, allergies and the like",
        "Unusual combinations may single a patient out.",
    ),
    Option.RETAIN_FULL_DATES: (
        "All dates and times as they were",
        "Together with other knowledge the day of an examination can identify a patient.",
    ),
    Option.RETAIN_MODIFIED_DATES: (
        "Dates, shifted by one secret number of days per patient, and times of day",
        "Intervals between examinations of one patient stay true.",
    ),
    Option.CLEAN_DESCRIPTORS: (
        "Descriptions and comments, cleaned",
        "Names, numbers and dates that the program recognises are taken out; what it does not recognise stays.",
    ),
    Option.CLEAN_STRUCTURED_CONTENT: (
        "Content of structured reports, cleaned",
        "Codes and measurements stay; names and dates recognised in its text are taken out.",
    ),
    Option.CLEAN_GRAPHICS: (
        "Overlays that mark a region of interest, and graphic annotations",
        "Overlays of other kinds, which may show text, are removed. Text of annotations is cleaned where descriptors "
        "are cleaned too, otherwise replaced.",
    ),
}
"""What an option lets stay, and what follows from that."""

DATES: Mapping[str, str] = {
    "REMOVED": "Removed, emptied or replaced by a dummy.",
    "MODIFIED": "Shifted by one secret number of days per patient, the same for all of a patient's studies.",
    "UNMODIFIED": "Unchanged.",
    "": "Not dealt with as a whole; see the attributes below.",
}

EDITS: Mapping[str, str] = {
    "keep": "keep",
    "replace": "replace by a typed text",
    "empty": "empty",
    "remove": "remove",
    "pseudonym": "replace by a pseudonym",
    "shift": "shift by the patient's offset",
    "renumber": "renumber along the series",
}
"""What an edit of the profile does."""
