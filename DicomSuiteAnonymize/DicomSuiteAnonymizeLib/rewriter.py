"""The fast path: a file's bytes rewritten, bulk data located but not read."""

from functools import lru_cache

from DicomSuiteAnonymizeLib.elements import encode
from DicomSuiteAnonymizeLib.engine import Engine, Rewritten, with_rank
from DicomSuiteAnonymizeLib.source_file import DICM, PREAMBLE, TRAILING_BYTES, SourceFile, walk_file
from DicomSuiteAnonymizeLib.values import padded
from DicomSuiteLib.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME


def rewrite_bytes(source: SourceFile, engine: Engine, rank: int | None = None) -> Rewritten:
    """Rewrite a Part 10 file. `rank` is the instance's place in its series, from 0, where the profile renumbers.

    Raises elements.Unsupported where only the pydicom path can read the file, AnonymizeError where it has to be
    quarantined.
    """
    walked = walk_file(source, engine.plan)
    known = engine.understood(walked, more_follows=TRAILING_BYTES in walked.left_out)
    nodes = with_rank(walked.nodes, rank, known.subject)
    emission = engine.emitter.emit(nodes, known.level, walked.explicit, known.subject, known.facts)
    first, *rest = known.check.parts(emission, walked.explicit)
    extra = [*known.check.changes, *walked.left_out]
    return Rewritten(
        [_file_head(walked.media_class, known.new_sop_instance, walked.transfer_syntax) + first, *rest],
        known.subject,
        known.old_sop_instance,
        walked.digest,
        engine.change_set(emission.changes, emission.stretches, emission.nested_changes, extra),
        known.risk,
        known.facts,
    )


def _file_head(sop_class: bytes, sop_instance: bytes, transfer_syntax: bytes) -> bytes:
    """Empty preamble and the file meta information (PS3.10 7.1), without anything about who sent or made the file."""
    before, after = _constant_meta(sop_class, transfer_syntax)
    instance = encode(0x00030002, b"UI", padded(b"UI", sop_instance), True)
    length = len(before) + len(instance) + len(after)
    group_length = encode(0x00000002, b"UL", length.to_bytes(4, "little"), True)
    return b"".join((bytes(PREAMBLE), DICM, group_length, before, instance, after))


@lru_cache(maxsize=64)
def _constant_meta(sop_class: bytes, transfer_syntax: bytes) -> tuple[bytes, bytes]:
    """What stands before and behind (0002,0003)."""

    def element(number: int, vr: bytes, value: bytes) -> bytes:
        return encode(number << 16 | 0x0002, vr, padded(vr, value), True)

    before = element(0x0001, b"OB", b"\0\1") + element(0x0002, b"UI", sop_class)
    after = (
        element(0x0010, b"UI", transfer_syntax)
        + element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID)
        + element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME)
    )
    return before, after
