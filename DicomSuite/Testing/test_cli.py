"""The command line: lazy commands, exit codes, and endings that leak nothing."""

import os
import signal
import subprocess
import sys

import pytest

from DicomSuiteLib import cli

COMMAND_MODULE = '''
"""A command for tests: ends in the way it is told."""
import sys
from pathlib import Path
from DicomSuiteLib.errors import DicomSuiteError, UsageError
from DicomSuiteLib.tasks import CancelToken

SUMMARY = "Ends in the way it is told."


def add_arguments(parser):
    parser.add_argument("ending")
    parser.add_argument("--retain", action="store_true")


def run(args):
    if args.ending == "refused":
        return 3
    if args.ending == "failed":
        raise DicomSuiteError("ct.dcm: is cut short; copy it again")
    if args.ending == "usage":
        raise UsageError("OUT lies inside SRC; choose another folder")
    if args.ending == "bug":
        patient = "DOE^JANE"
        raise ValueError(patient)
    if args.ending == "chained":
        try:
            {}["DOE^JANE"]
        except KeyError as error:
            raise RuntimeError("about DOE^JANE") from error
    if args.ending == "interrupt":
        raise KeyboardInterrupt
    if args.ending == "cancel":
        token = CancelToken()
        token.cancel()
        token.raise_if_cancelled()
    if args.ending.startswith("lines"):
        sys.stderr.write("started\\n")
        sys.stdin.readline()
        for number in range(int(args.ending[5:])):
            sys.stdout.write(f"line {number}\\n")
    if args.ending == "odd-name":
        sys.stdout.write("m\\udce4dchen.dcm\\n")
    if args.ending == "disk":
        raise OSError(28, "quoting DOE^JANE", "/home/DOE^JANE.dcm")
    if args.ending == "remote":
        from DicomSuiteLib.executors import open_executor

        with open_executor(2) as executor:
            executor.submit(int, "DOE^JANE").result()
    return 0
'''

IN_A_NEW_PROCESS = """
import sys
from DicomSuiteLib import cli
cli.COMMANDS["end"] = ("command_for_tests", "")
sys.exit(cli.main())
"""


@pytest.fixture
def command_folder(tmp_path, monkeypatch):
    """A folder on sys.path with the module of the command `end`, which the table lists."""
    (tmp_path / "command_for_tests.py").write_text(COMMAND_MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(cli.COMMANDS, "end", ("command_for_tests", "ends as told"))
    monkeypatch.delenv("DICOMSUITE_DEBUG", raising=False)
    yield tmp_path
    sys.modules.pop("command_for_tests", None)


def run_python(*arguments):
    """Run a Python that finds what this one finds, and return what it wrote."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, *arguments], env=env, capture_output=True, text=True, check=True)


def start_ending(*arguments):
    """Start the command line with the command `end` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", IN_A_NEW_PROCESS, "end", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("well", 0),
        ("failed", 1),
        ("bug", 1),
        ("usage", 2),
        ("refused", 3),
        ("interrupt", 130),
        ("cancel", 130),
    ],
)
def test_every_ending_has_its_exit_code(command_folder, ending, code):
    assert cli.main(["end", ending]) == code


def test_expected_error_is_one_line_on_stderr(command_folder, capsys):
    cli.main(["end", "failed"])
    assert capsys.readouterr() == ("", "dicomsuite: ct.dcm: is cut short; copy it again\n")


def test_interrupt_leaves_one_clean_line(command_folder, capsys):
    cli.main(["end", "interrupt"])
    assert capsys.readouterr().err.strip() == "dicomsuite: interrupted"


@pytest.mark.parametrize("ending", ["bug", "chained", "disk"])
def test_unexpected_error_shows_kind_and_place_but_not_its_message(command_folder, capsys, ending):
    cli.main(["end", ending])
    shown = capsys.readouterr().err
    assert "DOE" not in shown
    assert "command_for_tests.py:" in shown and "in run" in shown


def test_unexpected_error_names_each_link_of_its_chain(command_folder, capsys):
    cli.main(["end", "chained"])
    shown = capsys.readouterr().err
    assert "RuntimeError\n" in shown and "KeyError\n" in shown


def test_unexpected_system_error_is_told_in_the_systems_words(command_folder, capsys):
    cli.main(["end", "disk"])
    assert f"OSError: {os.strerror(28)}\n" in capsys.readouterr().err


def test_missing_package_is_named(command_folder, capsys, monkeypatch):
    monkeypatch.setitem(cli.COMMANDS, "end", ("package_that_nobody_has", ""))
    assert cli.main(["end"]) == 1
    assert "ModuleNotFoundError: package_that_nobody_has" in capsys.readouterr().err


def test_error_of_a_worker_process_shows_no_message_either(command_folder):
    with start_ending("remote") as process:
        shown = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "ValueError" in shown and "DOE" not in shown
    assert "in a worker process:\n" in shown and "in answer" in shown


def test_debug_variable_shows_the_whole_traceback(command_folder, capsys, monkeypatch):
    monkeypatch.setenv("DICOMSUITE_DEBUG", "1")
    assert cli.main(["end", "bug"]) == 1
    assert "ValueError: DOE^JANE" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["", "--no-such-option", "no-such-command", "end", "end well --ret"])
def test_wrong_usage_returns_2_and_explains(command_folder, capsys, line):
    assert cli.main(line.split()) == 2
    assert "dicomsuite" in capsys.readouterr().err


def test_mistyped_command_is_guessed(capsys):
    assert cli.main(["anonymise"]) == 2
    assert "did you mean 'anonymize'?" in capsys.readouterr().err


def test_help_lists_every_command_and_imports_none(capsys):
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, (_, summary) in cli.COMMANDS.items():
        assert f"  {name}" in shown and summary in shown
    script = "import sys; from DicomSuiteLib import cli; cli.main(['--help']); print(*sys.modules)"
    loaded = run_python("-c", script).stdout.split()
    assert "DicomSuiteLib.cli" in loaded
    assert {module for module, _ in cli.COMMANDS.values()}.isdisjoint(loaded)


def test_help_of_a_command_returns_0(command_folder, capsys):
    assert cli.main(["end", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "usage: dicomsuite end" in shown and "Ends in the way it is told." in shown


def test_version_is_shown(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("dicomsuite ")


def test_module_runs_as_a_script():
    assert "usage: dicomsuite COMMAND" in run_python("-m", "DicomSuiteLib.cli", "--help").stdout


def test_file_name_that_the_terminal_cannot_show_is_escaped(command_folder):
    with start_ending("odd-name") as process:
        shown, errors = process.communicate(timeout=30)
    assert (process.returncode, shown, errors) == (0, "m\\udce4dchen.dcm\n", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows reports a closed pipe in another way")
@pytest.mark.parametrize("lines", [1, 200_000])
def test_reader_that_goes_away_ends_the_command_quietly(command_folder, lines):
    with start_ending(f"lines{lines}") as process:
        assert process.stderr.readline() == "started\n"
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == ""
    assert process.returncode == cli.EXIT_PIPE_CLOSED == 128 + signal.SIGPIPE


def test_shared_machinery_starts_without_heavy_imports():
    script = (
        "import argparse, sys\n"
        "import DicomSuiteLib.cli, DicomSuiteLib.tasks, DicomSuiteLib.run_ledger\n"
        "import DicomSuiteLib.executors, DicomSuiteLib.audit, DicomSuiteLib.progress\n"
        "print(*sorted(sys.modules))"
    )
    loaded = run_python("-S", "-c", script).stdout.split()
    heavy = "concurrent dataclasses hashlib json logging multiprocessing numpy pathlib pydicom shutil signal"
    heavy += " sqlite3 subprocess threading tqdm traceback typing"
    assert "DicomSuiteLib.progress" in loaded
    assert set(heavy.split()).isdisjoint(loaded)


def test_adding_arguments_does_not_load_shutil(command_folder):
    script = IN_A_NEW_PROCESS.replace("sys.exit(cli.main())", "cli.main(); print(*sys.modules)")
    loaded = run_python("-S", "-c", script, "end", "well").stdout.split()
    assert "command_for_tests" in loaded
    assert "shutil" not in loaded
