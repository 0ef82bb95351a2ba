"""The runner for Slicer's own Python, driven in a process whose application looks like the real one."""

import os
import subprocess
import sys

import pytest

from application import ROOT, standInOnly

pytestmark = standInOnly()

_RUNNER = ROOT / "Testing" / "run_in_slicer.py"
# The stand-in, under the name of the real application's classes.
_LOOKING_REAL = """
import runpy, sys
sys.path.insert(0, {testing!r})
from stand_in import host
host.start()
import slicer
type(slicer.app).__module__ = "PythonQt.slicer"
sys.argv = [{runner!r}, *sys.argv[1:]]
runpy.run_path({runner!r}, run_name="__main__")
"""


def run(*arguments, script=None, cwd=ROOT):
    code = script or _LOOKING_REAL.format(testing=str(ROOT / "Testing"), runner=str(_RUNNER))
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-B", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=170)


def test_a_filter_runs_the_same_files_and_exits_with_zero(tmp_path):
    done = run("test_defaults_are_written_to_the_node", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_files_about_the_stand_in_are_skipped_with_the_reason(tmp_path):
    done = run("no_test_has_this_name", cwd=tmp_path)
    assert "needs the hooks of Testing/stand_in" in done.stdout
    assert done.returncode == 1


def test_options_go_to_pytest(tmp_path):
    done = run("--version", cwd=tmp_path)
    assert done.stdout.startswith("pytest ") or "pytest" in done.stderr
    assert done.returncode == 0


def test_missing_packages_are_named_with_the_line_that_installs_them(tmp_path):
    code = (
        "import importlib.util, runpy, sys\n"
        "importlib.util.find_spec = lambda name, *rest: None\n"
        f"sys.argv = [{str(_RUNNER)!r}]\n"
        f"runpy.run_path({str(_RUNNER)!r}, run_name='__main__')\n"
    )
    done = run(script=code, cwd=tmp_path)
    assert done.returncode == 1
    assert 'slicer.util.pip_install("pytest hypothesis")' in done.stdout


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_the_exit_status_is_that_of_the_tests(tmp_path, outcome):
    code = (
        f"import sys, types\nsys.argv = [{str(_RUNNER)!r}]\n"
        f"text = open({str(_RUNNER)!r}).read()\n"
        f"module = types.ModuleType('runner')\nmodule.__file__ = {str(_RUNNER)!r}\n"
        "exec(compile(text, module.__file__, 'exec'), module.__dict__)\n"
        f"module._files = lambda: [{str(tmp_path / 'test_one.py')!r}]\n"
        "sys.exit(module.main([]))\n"
    )
    (tmp_path / "test_one.py").write_text(f"def test_one():\n    assert {outcome == 'pass'}\n")
    assert run(script=code, cwd=tmp_path).returncode == int(outcome == "fail")
