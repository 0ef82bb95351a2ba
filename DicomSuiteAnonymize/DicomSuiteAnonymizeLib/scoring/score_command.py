"""`dicomsuite score`: how well a folder was de-identified, by an answer key and MIDI-B's ten actions."""

from __future__ import annotations

import argparse
from pathlib import Path

from DicomSuiteLib.command_output import add_progress, write_result
from DicomSuiteLib.progress import ProgressReporter

TYPE_CHECKING = False  # the scoring itself is loaded when it is asked for
if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from DicomSuiteAnonymizeLib.scoring.score import Score
    from DicomSuiteAnonymizeLib.scoring.score_checks import Result

SUMMARY = "Score a de-identified folder by an answer key, action by action as MIDI-B does; nothing is changed."
EXIT_BELOW_100 = 3
_SHOWN = 20
_IN_RESULT = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="OUT", help="de-identified folder, of whatever program")
    parser.add_argument(
        "--answers", type=Path, required=True, metavar="KEY", help="answer key: SQLite of MIDI-B, CSV or JSON"
    )
    parser.add_argument(
        "--uids", type=Path, required=True, metavar="CSV", help="which UID became which: columns id_old,id_new"
    )
    parser.add_argument(
        "--patients", type=Path, required=True, metavar="CSV",
        help="which Patient ID became which: columns id_old,id_new",
    )  # fmt: skip
    parser.add_argument(
        "--failures", type=Path, metavar="CSV", help="write every check that was not passed, without values"
    )
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 where every instance of the key is there and every check was passed, 3 otherwise."""
    from DicomSuiteAnonymizeLib.scoring.score import read_map, score, write_failures
    from DicomSuiteAnonymizeLib.scoring.score_checks import Maps

    maps = Maps(uids=read_map(args.uids), patients=read_map(args.patients))
    progress = ProgressReporter(args.progress)
    try:
        scored = score(args.folder, args.answers, maps, progress.update)
    finally:
        progress.finish()
    if args.failures:
        write_failures(scored.failures, args.failures)
    write_result(args.progress, _result(scored), _lines(scored))
    return EXIT_BELOW_100 if scored.failures or scored.missing else 0


def _result(scored: Score) -> dict:
    from dataclasses import asdict

    return {
        "percent": scored.percent,
        **_as_json(_total(scored)),
        "files": scored.files,
        "missing": scored.missing,
        "unknown": scored.unknown,
        "actions": [{"action": word, **_as_json(totals)} for word, totals in _by_action(scored).items()],
        "categories": [
            {"category": category, "action": word, **_as_json(totals)}
            for (category, word), totals in _by_category(scored).items()
        ],
        "failures": [asdict(failure) for failure in scored.failures[:_IN_RESULT]],
    }


def _lines(scored: Score) -> list[str]:
    lines = _table("action", _by_action(scored))
    lines += _table("category, action", {", ".join(names): row for names, row in _by_category(scored).items()})
    for failure in scored.failures[:_SHOWN]:
        where = f"{failure.file or '(no file)'} {failure.attribute}".rstrip()
        lines.append(f"{failure.action} {failure.result}: {where}: {failure.reason}")
    if len(scored.failures) > _SHOWN:
        lines.append(f"… and {len(scored.failures) - _SHOWN} more; --failures FILE writes all.")
    totals = _as_json(_total(scored))
    lines.append(
        f"score: {scored.percent:.2f} %, {totals['passed']} of {sum(totals.values())} checks passed; {scored.files} "
        f"files, {scored.missing} instances missing from the output, {scored.unknown} files unknown to the key"
    )
    return lines


def _table(title: str, rows: Mapping[str, Counter[Result]]) -> list[str]:
    lines = [f"{title:<52}{'passed':>9} {'failed':>9} {'not judged':>11}"]
    for name, totals in rows.items():
        row = _as_json(totals)
        lines.append(f"{name:<52}{row['passed']:>9} {row['failed']:>9} {row['unjudged']:>11}")
    return [*lines, ""]


def _total(scored: Score) -> Counter[Result]:
    return scored.grouped(lambda category, action: "all")["all"]


def _by_action(scored: Score) -> Mapping[str, Counter[Result]]:
    return scored.grouped(lambda category, action: action.word)


def _by_category(scored: Score) -> Mapping[tuple[str, str], Counter[Result]]:
    return scored.grouped(lambda category, action: (category, action.word))


def _as_json(totals: Counter[Result]) -> dict[str, int]:
    from DicomSuiteAnonymizeLib.scoring.score_checks import Result

    return {result.name.lower(): totals[result] for result in Result}
