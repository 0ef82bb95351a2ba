"""With a translation that puts every text it gets into brackets, no words outside brackets are left on the screen.

The modules are opened in a process of their own, with a synthetic study in the DICOM database, and with a job that
succeeded and one that failed. What is exempt is data, which no language changes: each kind is named in `is_data`.
"""

import re
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.datadict import DicomDictionary

from application_child import TESTING, run_in_application
from copied_study import copied_study
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteLib.optional_packages import OPTIONAL_PACKAGES
from DicomSuiteSuperResLib.bundled_models import bundled_models
from DicomSuiteSuperResLib.network_layouts import ARCHITECTURES
from source_files import MODULES, ROOT, Room, installed_sources

WITH_WIDGET = [source.module for source in installed_sources() if source.room is Room.MODULE]
FORMS = [form.stem for module in MODULES for form in (ROOT / module).glob("Resources/UI/*.ui")]

OPEN_MODULES = """
from PySide6 import QtCore
from stand_in.pseudo_translation import marked, pseudo_translated
from visible_texts import visibleTexts

class TranslatorOfForms(QtCore.QTranslator):
    # QUiLoader asks the application's translators, in the context of the form's class.
    def translate(self, context, text, disambiguation=None, n=-1):
        return marked(text) if context in {forms!r} else None

    def isEmpty(self):
        return False

translator = TranslatorOfForms()
QtCore.QCoreApplication.installTranslator(translator)

from DICOMLib import DICOMUtils
from DicomSuiteGui.job_runner import closeRunner, runner
from DicomSuiteLib.jobs import JobRequest

def texts_of(name):
    widget = moduleWidget(name)
    if hasattr(widget, "useSeries"):
        widget.useSeries(series)
    processEvents(0.5)
    about = slicer.modules.__dict__[f"{{name}}Instance"].parent
    shown = [["title", about.title], ["help", about.helpText], ["acknowledgement", about.acknowledgementText]]
    shown += [["category", category] for category in about.categories]
    return shown + [list(item) for item in visibleTexts(widget.parent)]

with pseudo_translated(), DICOMUtils.TemporaryDICOMDatabase({database!r}) as database:
    DICOMUtils.importDicom({study!r}, database)
    studies = [study for patient in database.patients() for study in database.studiesForPatient(patient)]
    series = [one for study in studies for one in database.seriesForStudy(study)]
    jobs = [
        runner().submit(JobRequest("inspect", "{title}", ("inspect", folder)))
        for folder in ({study!r}, {study!r} + "-that-is-not-there")
    ]
    waitUntil(lambda: not any(runner().job(job.id).is_live for job in jobs), timeout=60)
    found = {{name: texts_of(name) for name in {modules!r}}}
    words = [[job.reason, *job.log] for job in runner().jobs()]
    closeRunner()
answer({{"shown": found, "words of the command": [line for lines in words for line in lines]}})
"""
JOB_TITLE = "title of the job"

NAMES_OF_ATTRIBUTES = {entry[2] for entry in DicomDictionary.values()}
UNITS = {"B", "GB", "KB", "MB", "kB", "mm", "min", "ms", "s"}
NAMES = {"CT", "DICOM", "DicomSuite", "PS3.15", "RTSTRUCT", "SEG", "US"}
NAMES |= {package.requirement.partition(">=")[0] for package in OPTIONAL_PACKAGES}
NAMES |= set(BUILT_IN)  # as on the command line and in the user's own files
NAMES |= {network.class_name or network.name.upper() for network in ARCHITECTURES}
CARDS = {value for model in bundled_models() for value in model.card.values() if isinstance(value, str)}
"""What cards of models say, as they are."""
WORDS = UNITS | NAMES | {entry[4] for entry in DicomDictionary.values()}
TAG = re.compile(r"[0-9A-Fa-f]{4}[,.][0-9A-Fa-f]{4}")
PATH = re.compile(r"(?:[A-Za-z]:[\\/]|/|~/)\S*")

BRACKETS = re.compile(r"⟦[^⟦⟧]*⟧")
MARKUP = re.compile(r"<[^>]*>|&\w+;|%[mpv]")
BETWEEN = re.compile(r"[\s,;:|()\[\]·–—→/\"“”]+")


def words_outside_brackets(text: str) -> str:
    """What is left of a text without translated parts and markup."""
    without = MARKUP.sub(" ", text)
    while BRACKETS.search(without):
        without = BRACKETS.sub(" ", without)
    return without.strip()


def is_data(text: str, values: set[str]) -> bool:
    """Whether every line is a value, or made of values, names, keywords, units, tags and paths alone."""
    return all(line in values or line in NAMES_OF_ATTRIBUTES or words(line) <= values | WORDS for line in lines(text))


def lines(text: str) -> list[str]:
    return [line.strip(" ,:;") for line in text.splitlines()]


def words(line: str) -> set[str]:
    """Whatever has letters, other than tags and paths."""
    rest = PATH.sub(" ", TAG.sub(" ", line))
    return {word for word in BETWEEN.split(rest) if any(map(str.isalpha, word))}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied_study(tmp_path_factory.mktemp("pseudo") / "study").folder


@pytest.fixture(scope="module")
def opened(study: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the process with the modules answered."""
    code = OPEN_MODULES.format(
        database=str(tmp_path_factory.mktemp("database")),
        forms=FORMS,
        modules=WITH_WIDGET,
        study=str(study),
        title=JOB_TITLE,
    )
    return run_in_application(code, folders=[TESTING, *(ROOT / module for module in MODULES)])


@pytest.fixture(scope="module")
def shown(opened: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Where each text is, and the text, by module."""
    return opened["shown"]


@pytest.fixture(scope="module")
def values(study: Path, opened: dict[str, Any]) -> set[str]:
    """Every value of the synthetic study, each of its words, and what the command said, which knows no languages."""
    files = [pydicom.dcmread(file, stop_before_pixels=True) for file in study.rglob("*.dcm")]
    elements = [element for file in files for element in file.iterall() if element.VR not in ("OB", "OW", "SQ")]
    found = {str(value) for item in elements for value in (item.value if item.VM > 1 else [item.value])}
    said = {line.strip() for text in opened["words of the command"] for line in text.splitlines()}
    parts = {word for value in found for word in BETWEEN.split(value.replace("^", " "))}
    return found | said | CARDS | {JOB_TITLE} | parts


@pytest.mark.stand_in
@pytest.mark.parametrize("module", WITH_WIDGET)
def test_no_words_go_around_the_translation(module: str, shown: dict[str, list[list[str]]], values: set[str]) -> None:
    left = [(where, words_outside_brackets(text)) for where, text in shown[module]]
    assert [f"{where}: {text!r}" for where, text in left if not is_data(text, values)] == []


@pytest.mark.stand_in
@pytest.mark.parametrize("module", WITH_WIDGET)
def test_there_is_something_to_translate_and_data_to_tell_from_it(
    module: str, shown: dict[str, list[list[str]]], values: set[str]
) -> None:
    texts = [text for _, text in shown[module]]
    assert len([text for text in texts if "⟦" in text]) > 50
    assert [text for text in texts if text in values]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("⟦Patients⟧", ""),
        ("<b>⟦Rows⟧</b>: 12", ": 12"),
        ("⟦Export ⟦three⟧ files⟧ now", "now"),
        ("Save", "Save"),
    ],
)
def test_what_is_outside_brackets_is_found(text: str, rest: str) -> None:
    assert words_outside_brackets(text) == rest


@pytest.mark.parametrize(
    "text", ["", "12 MB", "(0010,0010)", "Patient's Name", "/home/x/study", "1.2.840.10008.1.2", "CT, US"]
)
def test_data_is_exempt(text: str) -> None:
    assert is_data(text, set())


@pytest.mark.parametrize("text", ["Save", "12 files", "failed", "CT scan", "Doe"])
def test_words_are_not_data(text: str) -> None:
    assert not is_data(text, {"John"})
