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
    Action.CAP_AGE.value: "age, with 090Y for everybody over 89",
    Action.POSTAL_AREA.value: "address reduced to the first three digits of its ZIP code",
}
"""What an action code means, in the order in which the codes are shown."""

KEPT: Mapping[Option, tuple[str, str]] = {
    Option.RETAIN_SAFE_PRIVATE: (
        "Private attributes that PS3.15 (table E.3.10-1) or a list of the profile calls safe",
        "Technical values of the manufacturers, with text cleaned; every other private attribute is removed.",
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
        "Names, numbers, dates and places are taken out, and so is every capitalised word that no list of medical "
        "terms holds; a rare name in small letters may stay.",
    ),
    Option.CLEAN_STRUCTURED_CONTENT: (
        "Content of structured reports, cleaned",
        "Standard codes, measurements and references stay; persons get pseudonyms, and text is cleaned as descriptions "
        "are.",
    ),
    Option.CLEAN_GRAPHICS: (
        "Overlays that mark a region of interest, and graphic annotations",
        "Overlays of other kinds, which may show text, are removed. Text of annotations and overlays is cleaned as "
        "descriptions are.",
    ),
    Option.CLEAN_PIXEL_DATA: (
        "Pictures that show text, with the text blanked",
        "What no rule, region or text recognition covers is quarantined; look at the pictures before you pass them on.",
    ),
    Option.CLEAN_FACES: (
        "CT and MRI of the head, with the face taken out of the voxels",
        "Whoever knows the head's other features may still recognise it; look at the pictures before you pass them on.",
    ),
}
"""What an option lets stay, and what follows from that."""

DATES: Mapping[str, str] = {
    "REMOVED": "Removed, emptied or replaced by a dummy.",
    "MODIFIED": "Shifted by one secret number of days per patient, the same for all of a patient's studies.",
    "UNMODIFIED": "Unchanged.",
    "": "Not dealt with as a whole; see the attributes below.",
}

PSEUDONYMS: Mapping[str, str] = {
    "keyed": "Made from the IDs with the secret key.",
    "given, else keyed": "Given by the user; for patients not in that table, made from the IDs with the secret key.",
    "given": "Given by the user; files of other patients were refused.",
}

EDITS: Mapping[str, str] = {
    "keep": "keep",
    "replace": "replace by a typed text",
    "empty": "empty",
    "remove": "remove",
    "pseudonym": "replace by a pseudonym",
    "shift": "shift by the patient's offset",
    "renumber": "renumber along the series",
    "cap-age": "write 090Y for ages over 89",
    "postal-3": "keep the first three digits of the ZIP code",
}
"""What an edit of the profile does."""
