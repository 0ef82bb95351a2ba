"""`dicomsuite COMMAND …`: finds the command's module, runs it, and turns every ending into an exit code.

Only the chosen command's module is imported, so that a short command does not pay for the long ones.

Exit codes: 0 all done; 1 failed; 2 usage; 3 done with some inputs refused; 130 stopped on request (Ctrl-C);
141 the reader of a pipe went away. With DICOMSUITE_DEBUG=1 in the environment errors come with their full
traceback; without it neither the message nor the values of an unexpected error are shown, because they may
hold patient data.
"""

import argparse
import gc
import os
import sys

from DicomSuiteLib.errors import DicomSuiteError, describe_safely, is_debugging

COMMANDS: dict[str, tuple[str, str]] = {
    "anonymize": ("DicomSuiteAnonymizeLib.command", "de-identify DICOM files (PS3.15)"),
    "pixels": (
        "DicomSuiteAnonymizeLib.pixels.pixels_command",
        "list pictures that may show text, and what would blank it",
    ),
    "faces": (
        "DicomSuiteAnonymizeLib.faces.faces_command",
        "find faces in head images, and draw them before and after",
    ),
    "preview": ("DicomSuiteAnonymizeLib.preview_command", "show what becomes of each attribute, for an editor"),
    "picture": ("DicomSuiteAnonymizeLib.pixels.picture_command", "show one frame of a file, for an editor"),
    "survey": ("DicomSuiteAnonymizeLib.survey_command", "list the values of all attributes, for an editor"),
    "verify": ("DicomSuiteAnonymizeLib.verification.verify_command", "check a de-identified folder"),
    "crosswalk": ("DicomSuiteAnonymizeLib.crosswalks.crosswalk_command", "write or read the tables of a crosswalk"),
    "reidentify": (
        "DicomSuiteAnonymizeLib.crosswalks.reidentify_command",
        "restore IDs, UIDs and dates by a crosswalk",
    ),
    "import-profile": (
        "DicomSuiteAnonymizeLib.profiles.import_command",
        "take over the rules of another de-identifier",
    ),
    "score": ("DicomSuiteAnonymizeLib.scoring.score_command", "score a de-identified folder by an answer key"),
    "overlay": ("DicomSuiteRTOverlayLib.command", "lay segmentation masks over the volume they belong to"),
    "render": ("DicomSuiteRenderLib.command", "make pictures, turntables and surfaces of a volume, without a screen"),
    "superres": ("DicomSuiteSuperResLib.superres_command", "make thin slices from the thick ones of MRI"),
    "preprocess": ("DicomSuiteSuperResLib.preprocess_command", "prepare MRI: brain mask, bias field, pairs and more"),
    "train-superres": ("DicomSuiteSuperResLib.train_command", "train a super-resolution model on MRI of your own"),
    "inspect": ("DicomSuiteLib.inspect_command", "list the series of a folder, or the attributes of a file"),
    "demo": ("DicomSuiteLib.demo_command", "write a synthetic study and show what DicomSuite does with it"),
}
"""Command -> (module, summary). A module has SUMMARY, add_arguments(parser) and run(args) -> int."""

_COLLECT_AFTER = 50_000
"""New objects until Python looks for unused cycles, of which commands make few; after every 700 it costs a run 5 %."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_PIPE_CLOSED = 141  # 128 + SIGPIPE


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` defaults to the process's own arguments."""
    gc.set_threshold(_COLLECT_AFTER)
    _print_any_file_name()
    try:
        code = _dispatch(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        sys.stderr.write("\ndicomsuite: interrupted\n")
        return EXIT_INTERRUPTED
    except DicomSuiteError as error:
        _report_expected(error)
        return error.exit_code
    except BrokenPipeError:
        _drop_closed_streams()
        return EXIT_PIPE_CLOSED
    except Exception as error:
        _report_unexpected(error)
        return EXIT_FAILED


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        return _run_without_command(arguments)
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        return _refuse_unknown(name)
    return _run_command(name, rest)


def _run_command(name: str, arguments: list[str]) -> int:
    import importlib

    module = importlib.import_module(COMMANDS[name][0])
    parser = argparse.ArgumentParser(
        prog=f"dicomsuite {name}",
        description=module.SUMMARY,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    try:
        args = parser.parse_args(arguments)
    except SystemExit as stop:  # argparse has printed the help (0) or what is wrong (2)
        return int(stop.code or 0)
    return module.run(args)


def _run_without_command(arguments: list[str]) -> int:
    parser = _top_parser()
    try:
        args = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    if args.version:
        sys.stdout.write(f"dicomsuite {_version()}\n")
        return 0
    parser.print_help(sys.stderr)
    return EXIT_USAGE


def _refuse_unknown(name: str) -> int:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(COMMANDS)}"
    sys.stderr.write(f"dicomsuite: '{name}' is not a command; {hint}\n")
    return EXIT_USAGE


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    table = "\n".join(f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="dicomsuite",
        usage="%(prog)s COMMAND [ARGUMENTS]",
        description=f"commands:\n{table}",
        epilog="'dicomsuite COMMAND --help' explains a command.",
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    return parser


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; argparse's own way to ask costs an import of shutil on every start."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_columns() - 2)


def _terminal_columns() -> int:
    try:
        return int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        pass
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("dicomsuite")
    except metadata.PackageNotFoundError:
        return "(run from its source folder, not installed)"


def _print_any_file_name() -> None:
    """Let names that the terminal's encoding lacks be printed escaped, where a strict stream would raise."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)  # Slicer's own stream has none
    if reconfigure:
        reconfigure(errors="backslashreplace")


def _drop_closed_streams() -> None:
    """Point the standard streams that nobody reads any more at the null device, for the flush at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def _report_expected(error: DicomSuiteError) -> None:
    if is_debugging():
        _print_traceback(error)
    sys.stderr.write(f"dicomsuite: {error}\n")


def _report_unexpected(error: Exception) -> None:
    if is_debugging():
        _print_traceback(error)
        return
    sys.stderr.write(
        "dicomsuite: stopped by an unexpected error; its message may hold patient data and is shown with "
        f"DICOMSUITE_DEBUG=1 only\n{describe_safely(error)}\n"
    )


def _print_traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)


if __name__ == "__main__":
    sys.exit(main())
