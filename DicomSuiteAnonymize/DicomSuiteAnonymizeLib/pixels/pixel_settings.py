"""What a user decides about burned-in text: rules of their own, those that come with DicomSuite, and reading text."""

import argparse
from collections import namedtuple
from hashlib import sha256
from pathlib import Path

from DicomSuiteLib.errors import UsageError

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from DicomSuiteAnonymizeLib.pixels.pixel_rules import PixelRule


class PixelSettings(namedtuple("PixelSettings", ("own", "bundled", "ocr"), defaults=((), (), False))):
    """Rules in the order in which they are tried, and whether text is looked for in the pixels.

    A rule of the user's own says alone what is blanked; a bundled one is joined by the regions that the file names.
    """

    __slots__ = ()
    own: "tuple[PixelRule, ...]"
    bundled: "tuple[PixelRule, ...]"
    ocr: bool

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with every rule."""
        return sha256(repr((self.own, self.bundled)).encode()).hexdigest()[:16]


def add_pixel_arguments(parser: argparse.ArgumentParser, option: str) -> None:
    """`option` (--rules or --pixel-rules) and --ocr, for `pixel_settings_of`."""
    parser.add_argument(
        option, dest="pixel_rules", action="append", type=Path, default=[], metavar="FILE",
        help="rules of your own for text in pictures; may be repeated (~/.dicomsuite/pixel_rules.json is used without "
        "being named)",
    )  # fmt: skip
    parser.add_argument(
        "--ocr", action="store_true", help="read text in pictures that may show some, and blank what is not harmless"
    )


def pixel_settings_of(args: argparse.Namespace) -> PixelSettings:
    """What the arguments ask for.

    Raises AnonymizeError for rules that cannot be read, UsageError for two of one name, and MissingPackageError where
    text cannot be read.
    """
    from DicomSuiteAnonymizeLib.pixels.pixel_rules import bundled_rules, read_rules, user_rules_file

    if args.ocr:
        from DicomSuiteAnonymizeLib.pixels.ocr import require_ocr

        require_ocr()
    files = [*args.pixel_rules]
    if user_rules_file().exists() and user_rules_file().resolve() not in {file.resolve() for file in files}:
        files.append(user_rules_file())
    own = tuple(rule for file in files for rule in read_rules(file))
    names = [rule.name for rule in own]
    if len(set(names)) < len(names):
        raise UsageError("Two pixel rules of yours have the same name. Rename one, so that the report is clear.")
    return PixelSettings(own, bundled_rules(), args.ocr)


def pixel_settings_for(args: argparse.Namespace, cleans_pixels: bool) -> PixelSettings | None:
    """What the arguments ask for, where the profile has burned-in text cleaned; else None.

    Raises what `pixel_settings_of` does, and UsageError where the arguments would have no effect.
    """
    if cleans_pixels:
        return pixel_settings_of(args)
    if args.pixel_rules or args.ocr:
        raise UsageError("--pixel-rules and --ocr belong to the option Clean Pixel Data: add --clean pixel-data.")
    return None
