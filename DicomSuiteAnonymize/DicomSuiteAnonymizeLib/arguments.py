"""Arguments that several commands share: what to read, by which rules, with which key, how to show progress."""

import argparse
import sys
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import default_key_file
from DicomSuiteAnonymizeLib.private_attributes.safe_attributes import BUNDLED, read_safe_attributes
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, OnLeak, Profile
from DicomSuiteAnonymizeLib.profiles.profile_file import read_profile
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.sources import FolderSources, ListedSources, Sources
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.listed_files import STANDARD_INPUT, read_listed_files

_RETAIN = {option.cli: option for option in Option if option.column.startswith("Retain")}
_CLEAN = {option.cli: option for option in Option if option.column.startswith("Clean")}


def add_sources(parser: argparse.ArgumentParser) -> None:
    """SRC…, for `sources_of`."""
    parser.add_argument(
        "source", nargs="+", metavar="SRC",
        help="folder or file to read; - reads the files that standard input names, one a line or separated by NUL",
    )  # fmt: skip


def sources_of(args: argparse.Namespace) -> Sources:
    """What SRC names. Raises UsageError where it names nothing that can be read."""
    if args.source == [STANDARD_INPUT]:
        return ListedSources(read_listed_files(sys.stdin.buffer))
    if STANDARD_INPUT in args.source:
        raise UsageError(f"{STANDARD_INPUT} (a list on standard input) cannot be combined with folders or files.")
    return FolderSources([Path(word).absolute() for word in args.source])


def add_rules(parser: argparse.ArgumentParser) -> None:
    """What to do to the files, for `profile_of`."""
    rules = parser.add_mutually_exclusive_group()
    rules.add_argument("--profile", choices=BUILT_IN, default="basic", help="built-in rules (default: %(default)s)")
    rules.add_argument("--profile-file", type=Path, metavar="FILE", help="rules saved as JSON")
    parser.add_argument(
        "--retain", action="append", choices=_RETAIN, default=[], help="PS3.15 option to add; may be repeated"
    )
    parser.add_argument(
        "--clean", action="append", choices=_CLEAN, default=[], help="PS3.15 option to add; may be repeated"
    )
    add_safe_private(parser)
    parser.add_argument(
        "--on-leak",
        choices=[choice.value for choice in OnLeak],
        help="an original value found again elsewhere is taken out (replace) or its file is refused (fail)",
    )


def add_safe_private(parser: argparse.ArgumentParser) -> None:
    """--safe-private, for `profile_of`."""
    parser.add_argument(
        "--safe-private", action="append", default=[], metavar="LIST",
        help=f"private attributes that stay, besides those of PS3.15: {', '.join(BUNDLED)} (what dcm2niix reads), or a "
        "file with lines of creator, group, element and VR; may be repeated",
    )  # fmt: skip


def profile_of(args: argparse.Namespace) -> Profile:
    """The profile that the rules name. Raises AnonymizeError where they contradict each other."""
    profile = read_profile(args.profile_file) if args.profile_file else BUILT_IN[args.profile]
    added = frozenset([_RETAIN[word] for word in args.retain] + [_CLEAN[word] for word in args.clean])
    if added and not profile.is_ps315:
        raise AnonymizeError(f"Profile {profile.name} is not based on PS3.15: --retain and --clean do not apply to it.")
    on_leak = OnLeak(args.on_leak) if args.on_leak else profile.on_leak
    profile = profile.but(options=profile.options | added, on_leak=on_leak)
    return _with_safe_private(profile, args.safe_private)


def _with_safe_private(profile: Profile, words: list[str]) -> Profile:
    """The profile with lists of private attributes added: bundled ones by name, others by file."""
    if not words:
        return profile
    own = [one for word in words if word not in BUNDLED for one in read_safe_attributes(Path(word))]
    return profile.but(
        options=profile.options | {Option.RETAIN_SAFE_PRIVATE},
        private_lists=profile.private_lists.union(BUNDLED.keys() & words),
        safe_private=(*profile.safe_private, *own),
    )


def add_key_file(parser: argparse.ArgumentParser) -> None:
    """--key-file."""
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", default=default_key_file(),
        help="secret that all pseudonyms depend on; created where absent (default: %(default)s)",
    )  # fmt: skip


def add_show_phi(parser: argparse.ArgumentParser) -> None:
    """--show-phi, for `require_show_phi`."""
    parser.add_argument("--show-phi", action="store_true", help="confirm that names, IDs and dates are to be printed")


def require_show_phi(args: argparse.Namespace, what: str) -> None:
    """Raise UsageError unless the user has confirmed that `what`, e.g. "A survey", may name patients."""
    if not args.show_phi:
        raise UsageError(f"{what} prints what identifies patients. Add --show-phi if that is what you want.")
