"""Own modes survive a file; a file that is not right is refused in words that say what is wrong."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.mode_files import MODE_FORMAT, own_mode, read_mode
from DicomSuiteRenderLib.preset_folder import PresetFolder
from DicomSuiteRenderLib.render_mode import (
    IsoLevel,
    RenderMode,
    Shading,
    Technique,
    ValueScale,
    ViewDirection,
    VolumeLook,
)

MODES = built_in_modes()
SHARES = st.floats(0, 1)
NUMBERS = st.floats(-1e6, 1e6)
COLOURS = st.tuples(SHARES, SHARES, SHARES)


def points(channels, least=1):
    values = st.lists(NUMBERS, min_size=least, max_size=5, unique=True).map(sorted)
    return values.flatmap(lambda at: st.tuples(*(st.tuples(st.just(x), *[SHARES] * channels) for x in at)))


LOOKS = st.builds(
    VolumeLook,
    st.sampled_from(Technique),
    points(1),
    points(3),
    points(1, least=0),
    st.none() | st.builds(Shading, SHARES, SHARES, SHARES, st.floats(1, 128)),
)
OWN_MODES = st.builds(
    RenderMode,
    st.just(""),
    st.text(min_size=1, max_size=20),
    LOOKS,
    st.lists(st.builds(IsoLevel, st.text(max_size=9), NUMBERS, COLOURS, SHARES), max_size=3).map(tuple),
    st.sampled_from(ValueScale),
    st.tuples(COLOURS, COLOURS),
    st.sampled_from(ViewDirection),
    st.booleans(),
)


@pytest.fixture
def folder(tmp_path):
    return PresetFolder(tmp_path / "modes", MODE_FORMAT)


def damaged(tmp_path, mode=MODES[-1], **changes):
    """A file with one thing changed in it."""
    path = tmp_path / "damaged.mode.json"
    MODE_FORMAT.write(own_mode("Mine", mode), path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


@given(OWN_MODES)
def test_fields_hold_everything_about_a_mode(mode):
    try:
        mode = own_mode(mode.name, mode)
    except RenderError:  # a name without letters
        return
    assert MODE_FORMAT.from_fields(json.loads(json.dumps(MODE_FORMAT.to_fields(mode)))) == mode


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.key)
def test_every_built_in_mode_can_be_kept_under_a_name_of_ones_own(mode, folder):
    mine = own_mode("My " + mode.name, mode)
    folder.save(mine)
    assert folder.presets() == ((mine,), ())
    assert mine.key not in {built_in.key for built_in in MODES}


def test_modes_are_renamed_and_deleted(folder):
    folder.save(own_mode("Knee", MODES[0]))
    renamed = folder.rename("Knee", "Left knee")
    assert renamed == own_mode("Left knee", MODES[0])
    assert folder.presets()[0] == (renamed,)
    folder.delete("Left knee")
    assert folder.presets() == ((), ())


def test_a_mode_from_elsewhere_is_loaded_and_kept(folder, tmp_path):
    MODE_FORMAT.write(own_mode("Knee", MODES[0]), tmp_path / "sent by mail.json")
    folder.save(read_mode(tmp_path / "sent by mail.json"))
    assert [mode.key for mode in folder.presets()[0]] == ["own-knee"]


def test_names_of_built_in_modes_are_taken():
    with pytest.raises(RenderError, match="built-in"):
        own_mode(MODES[0].name.upper(), MODES[0])


def test_a_damaged_file_does_not_hide_the_others(folder, tmp_path):
    folder.save(own_mode("Knee", MODES[0]))
    (tmp_path / "modes" / "broken.mode.json").write_text("{")
    modes, problems = folder.presets()
    assert [mode.name for mode in modes] == ["Knee"]
    assert "broken.mode.json" in problems[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"look": None, "levels": []}, "shows nothing"),
        ({"scale": "furlongs"}, "furlongs"),
        ({"direction": "outside"}, "outside"),
        ({"background": [[0, 0, 0]]}, "two colours"),
        ({"background": [[0, 0, 0], [0, 0, 2]]}, "from 0 to 1"),
        ({"background": [[0, 0], [0, 0, 0]]}, "damaged"),
        ({"removes_table": "yes"}, "neither true nor false"),
        ({"levels": [{"name": "x", "value": float("nan"), "colour": [1, 1, 1], "opacity": 1}]}, "no number"),
        ({"levels": [{"name": "x", "value": 1, "colour": [1, 1, 1], "opacity": 1, "alpha": 1}]}, "alpha"),
        ({"levels": [{"name": "x"}]}, "damaged"),
        ({"colour": "red"}, "colour"),
        ({"kind": "DicomSuite window"}, "does not hold"),
        ({"version": 2}, "does not hold"),
    ],
)
def test_a_file_that_is_not_right_is_refused_with_the_reason(changes, reason, tmp_path):
    path = damaged(tmp_path, **changes)
    with pytest.raises(RenderError, match=reason) as refused:
        read_mode(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"opacity": []}, "no points"),
        ({"opacity": [[0, 0], [0, 1]]}, "ascend"),
        ({"opacity": [[1, 0], [0, 1]]}, "ascend"),
        ({"opacity": [[0, 0, 0]]}, "a value and 1 more"),
        ({"colours": [[0, 0, 0, 7]]}, "from 0 to 1"),
        ({"colours": [[0, "red", 0, 0]]}, "no number"),
        ({"technique": "psychedelic"}, "psychedelic"),
        ({"shading": {"ambient": 0, "diffuse": 0, "specular": 0, "specular_power": 0}}, "specular power"),
    ],
)
def test_a_look_that_is_not_right_is_refused_with_the_reason(changes, reason, tmp_path):
    whole = MODE_FORMAT.to_fields(own_mode("Mine", MODES[-1]))
    with pytest.raises(RenderError, match=reason):
        read_mode(damaged(tmp_path, look={**whole["look"], **changes}))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(RenderError, match="gone.json cannot be read"):
        read_mode(tmp_path / "gone.json")


def test_built_in_modes_are_well_formed():
    keys = [mode.key for mode in MODES]
    assert len(set(keys)) == len(keys)
    assert all(key == key.lower() and key.replace("-", "").isalnum() for key in keys)
    for mode in MODES:
        MODE_FORMAT.from_fields(MODE_FORMAT.to_fields(replace(mode, name=mode.name + " of mine")))
