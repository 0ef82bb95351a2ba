"""Clean options for text: the words stay, identifiers go (PS3.15 E.3.4, E.3.5)."""

import re

from DicomSuiteAnonymizeLib.character_sets import decode_text, encode_text
from DicomSuiteAnonymizeLib.subject import Subject

_PATTERNS = r"""
      [\w.+-]+@[\w-]+(\.[\w-]+)+                                  # e-mail
    | (https?://|www\.)\S+                                        # web address
    | \b\d{1,4}([./-])\d{1,2}\3\d{1,4}\b                          # date 2020-01-31, 31.1.2020, 1/31/20
    | \b(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\b        # date 20200131
    | \b\d{1,2}[.\s]?\s?(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]*\.?,?\s?\d{2,4}\b
    | \b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d{1,2},?\s\d{2,4}\b
    | \b\d{1,2}:\d{2}(:\d{2})?\b                                  # time of day
    | \+?\(?\d{2,5}\)?([\s/-]\(?\d{2,}\)?){2,}                    # telephone number
    | \b(dr|prof|mr|mrs|ms|herr|frau|mme|sr|sra)\b\.?\s+[^\W\d_][\w'-]+  # title and name
    | \b\d[\d.]*\.\d+\.\d+\.\d[\d.]*\b                            # UID
    | \b\w*\d{6,}\w*\b                                            # long number
"""
"""E-mail, dates, telephone numbers and what else looks like an identifier; compiled when first needed."""


def clean_text(value: bytes, vr: bytes, subject: Subject) -> bytes | None:
    """Encoded value without the instance's identifying values and without what looks like date, number or name.

    None where the value cannot be read in the data set's character set: then nothing of it may stay.
    """
    looks_identifying = re.compile(_PATTERNS, re.IGNORECASE | re.VERBOSE)
    try:
        text = decode_text(value.rstrip(b"\0 "), subject.character_set)
        lines = subject.needles.removed_from(text).split("\n")
        cleaned = "\n".join(" ".join(looks_identifying.sub(" ", line).split(" ")).strip() for line in lines)
        return encode_text(re.sub(" {2,}", " ", cleaned), vr, subject.character_set)
    except ValueError:
        return None
