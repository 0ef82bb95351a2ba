"""What commands show at their end, to programs and to people."""

import json

import pytest

from DicomSuiteLib.command_output import write_result

RESULT = {"file": "a\x1b[2J.nrrd"}


def test_programs_get_the_result_on_one_line(capsys):
    write_result("json", RESULT, ["for people"])
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"result": RESULT}


@pytest.mark.parametrize("progress", ["bar", "none"])
def test_people_get_lines_that_their_terminal_does_not_obey(capsys, progress):
    write_result(progress, RESULT, ["made: a\x1b[2J.nrrd", "results: out"])
    assert capsys.readouterr().out == "made: a\\x1b[2J.nrrd\nresults: out\n"
