"""The stand-in offers nothing that the real application does not have."""

import importlib
import inspect

import pytest

from application import ctk, qt, slicer, standInOnly

pytestmark = standInOnly()

from stand_in import classes, inventory  # noqa: E402

_PYTHON_MODULES = (
    "slicer.ScriptedLoadableModule",
    "slicer.parameterNodeWrapper",
    "slicer.packaging",
    "slicer.i18n",
    "SampleData",
    "DICOMLib.DICOMUtils",
)
# The recording hooks of the stand-in itself.
_HOOKS = {"requested", "loaded"}


@pytest.mark.parametrize("name", sorted(classes.STAND_INS))
def test_every_name_of_a_widget_exists_in_slicer(name):
    listed = inventory.class_names(name)
    offered = {attribute for attribute in vars(classes.STAND_INS[name]) if not attribute.startswith("_")}
    setters = {f"set{prop[0].upper()}{prop[1:]}" for prop in listed.properties}
    assert {attribute for attribute in offered - {"staticMetaObject"} - setters if attribute not in listed} == set()


def test_a_name_of_a_shared_base_class_is_refused_where_slicer_lacks_it():
    slider = ctk.ctkDoubleSlider()
    with pytest.raises(AttributeError):
        slider.suffix  # noqa: B018


@pytest.mark.parametrize("module", _PYTHON_MODULES)
def test_python_functions_have_slicers_signatures(module):
    listed = inventory.python_signatures(module)
    offered = importlib.import_module(module)
    wrong = {}
    for name, value in vars(offered).items():
        if getattr(value, "__module__", None) != offered.__name__ or name.startswith("_"):
            continue
        if inspect.isfunction(value) and listed.get(name) != str(inspect.signature(value)):
            wrong[name] = (str(inspect.signature(value)), listed.get(name))
        elif inspect.isclass(value):
            wrong |= _wrong_methods(value, listed.get(f"class {name}"))
    assert wrong == {}


def _wrong_methods(cls, listed):
    if listed is None:
        return {cls.__name__: "no such class"}
    own = {name: value for name, value in vars(cls).items() if inspect.isfunction(value) and not name.startswith("_")}
    signatures = {
        f"{cls.__name__}.{name}": (str(inspect.signature(value)), listed.get(name)) for name, value in own.items()
    }
    return {name: pair for name, pair in signatures.items() if pair[0] != pair[1]}


def test_exported_names_of_the_parameter_node_wrapper_exist_in_slicer():
    listed = inventory.python_signatures("slicer.parameterNodeWrapper")
    functions_and_classes = {name.removeprefix("class ") for name in listed}
    import slicer.parameterNodeWrapper as wrapper

    unlisted = set(wrapper.__all__) - functions_and_classes
    assert unlisted <= {"SlicerParameterNamePropertyName"}


def test_application_and_modules_of_pyside_alone_are_not_in_qt():
    for name in ("Signal", "Slot", "Property", "QObjectCleanupHandler_", "QEnum", "Qt6", "QHttpServer"):
        assert not hasattr(qt, name)


def test_a_class_that_slicer_lacks_cannot_be_stood_in_for():
    with pytest.raises(KeyError):
        classes.stands_in(type("ctkNoSuchWidget", (), {}))


def test_the_application_object_refuses_names_that_slicer_lacks():
    with pytest.raises(AttributeError):
        slicer.app.setStyle2  # noqa: B018
