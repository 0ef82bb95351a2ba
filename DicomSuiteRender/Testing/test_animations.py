"""Pictures that follow each other become PNG files, GIF, WebP and MP4."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from DicomSuiteLib.output_file import OutputError
from DicomSuiteRenderLib.animations import write_gif, write_mp4, write_png_sequence, write_webp
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.window_picture import Picture

FRAMES, HEIGHT, WIDTH = 6, 41, 63
ALL = {"gif": write_gif, "webp": write_webp, "mp4": write_mp4}

ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def pictures(channels: int = 3) -> Iterator[Picture]:
    """A grey ramp with a red column that moves."""
    for number in range(FRAMES):
        picture = np.zeros((HEIGHT, WIDTH, channels), np.uint8)
        picture[..., :3] = np.linspace(0, 255, WIDTH)[:, None]
        picture[:, 10 * number : 10 * number + 5, :3] = 255, 0, 0
        if channels > 3:
            picture[5:, :, 3] = 255
            picture[:5, :, 3] = 100
        yield picture


def columns_of(image: Image.Image) -> list[int]:
    red, green, blue = (image.convert("RGB").getchannel(name) for name in "RGB")
    is_red = (np.array(red) > 200) & (np.array(green) < 60) & (np.array(blue) < 60)
    return np.flatnonzero(is_red.mean(axis=0) > 0.9).tolist()


@pytest.fixture()
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a program of this text into the place of ffmpeg; returns the folder."""

    def install(text: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        path = folder / "ffmpeg"
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return install


def test_png_sequence_holds_every_pixel_and_its_opacity(tmp_path: Path) -> None:
    for channels in (3, 4):
        paths = write_png_sequence(pictures(channels), tmp_path, f"turn{channels}")
        assert [path.name for path in paths] == [f"turn{channels}-{n:04}.png" for n in range(1, FRAMES + 1)]
        for path, picture in zip(paths, pictures(channels), strict=True):
            with Image.open(path) as image:
                assert np.array_equal(np.array(image), picture)
                assert image.info == {}


def test_gif_shows_all_pictures_in_time_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "turn.gif"
    write_gif(pictures(), path, frames_per_second=20)
    with Image.open(path) as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (FRAMES, (WIDTH, HEIGHT), 0)
        assert "comment" not in image.info
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            assert frame.info["duration"] == 50
            assert columns_of(frame) == list(range(10 * number, 10 * number + 5))


def test_gif_of_equal_pictures_lasts_as_long_as_their_number_says(tmp_path: Path) -> None:
    still = [next(pictures())] * FRAMES
    write_gif(still, tmp_path / "still.gif", frames_per_second=10)
    with Image.open(tmp_path / "still.gif") as image:
        assert sum(frame.info["duration"] for frame in ImageSequence.Iterator(image)) == FRAMES * 100


def test_gif_is_not_faster_than_programs_show_it(tmp_path: Path) -> None:
    write_gif(pictures(), tmp_path / "fast.gif", frames_per_second=90)
    with Image.open(tmp_path / "fast.gif") as image:
        assert image.info["duration"] == 20


def test_webp_shows_all_pictures_with_their_opacity(tmp_path: Path) -> None:
    path = tmp_path / "turn.webp"
    write_webp(pictures(4), path, frames_per_second=20)
    with Image.open(path) as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (FRAMES, (WIDTH, HEIGHT), 0)
        assert not {"exif", "xmp"} & set(image.info)
        for frame in ImageSequence.Iterator(image):
            opacity = np.array(frame.convert("RGBA"))[..., 3]
            assert np.abs(opacity[:5].astype(int) - 100).max() <= 2 and (opacity[5:] == 255).all()


@ffmpeg
def test_mp4_is_a_film_of_all_pictures(tmp_path: Path) -> None:
    path = tmp_path / "turn.mp4"
    write_mp4(pictures(), path, frames_per_second=20)
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    film = np.frombuffer(raw, np.uint8).reshape(FRAMES, HEIGHT + 1, WIDTH + 1, 3)
    for number, frame in enumerate(film):
        found = columns_of(Image.fromarray(frame))
        assert found and abs(np.mean(found) - (10 * number + 2)) < 2


def test_mp4_hands_every_pixel_to_ffmpeg_and_takes_the_file_it_writes(
    tmp_path: Path, program: Callable[[str], Path]
) -> None:
    folder = program(
        "import sys, pathlib\n"
        "data = sys.stdin.buffer.read()\n"
        "pathlib.Path(sys.argv[-1]).write_bytes(data)\n"
        "pathlib.Path(__file__).with_name('arguments').write_text('\\n'.join(sys.argv[1:]))\n"
    )
    path = tmp_path / "turn.mp4"
    write_mp4(pictures(), path, frames_per_second=12.5)
    assert path.read_bytes() == b"".join(picture.tobytes() for picture in pictures())
    arguments = (folder / "arguments").read_text().splitlines()
    assert arguments[arguments.index("-s") + 1] == f"{WIDTH}x{HEIGHT}"
    assert arguments[arguments.index("-r") + 1] == "12.5"
    assert arguments[arguments.index("-map_metadata") + 1] == "-1"
    assert arguments[-1] != str(path), "ffmpeg writes beside it, so that it appears complete or not at all"


@pytest.mark.parametrize("kind", ALL)
def test_grey_pictures_are_animated_too(tmp_path: Path, program: Callable[[str], Path], kind: str) -> None:
    program("import sys\nopen(sys.argv[-1], 'wb').write(sys.stdin.buffer.read())\n")
    path = tmp_path / f"turn.{kind}"
    ALL[kind]((picture[..., 1] for picture in pictures()), path)
    expected = np.stack([picture[..., [1, 1, 1]] for picture in pictures()])
    if kind == "mp4":
        assert path.read_bytes() == expected.tobytes()
        return
    with Image.open(path) as image:
        shown = np.stack([np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])
    assert np.abs(shown.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("reads", ["sys.stdin.buffer.read()", "sys.stdin.buffer.read(10)"])
def test_what_ffmpeg_complains_of_is_said(tmp_path: Path, program: Callable[[str], Path], reads: str) -> None:
    program(f"import sys\n{reads}\nprint('first\\nno such encoder', file=sys.stderr)\nsys.exit(1)\n")
    large = (np.zeros((900, 900, 3), np.uint8) for _ in range(3))
    with pytest.raises(RenderError, match="no such encoder; choose WebP or GIF"):
        write_mp4(large, tmp_path / "turn.mp4")
    assert os.listdir(tmp_path) == ["bin"]


def test_ffmpeg_that_does_not_start_is_said(tmp_path: Path, program: Callable[[str], Path]) -> None:
    (program("") / "ffmpeg").write_bytes(b"\x7fELF of another machine")
    with pytest.raises(RenderError, match="ffmpeg cannot be started: Exec format error"):
        write_mp4(pictures(), tmp_path / "turn.mp4")


def test_without_ffmpeg_mp4_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match="ffmpeg, which is not installed"):
        write_mp4(pictures(), tmp_path / "turn.mp4")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ALL)
def test_nothing_is_written_where_the_pictures_end_in_an_error(
    tmp_path: Path, program: Callable[[str], Path], kind: str
) -> None:
    program("import sys\nopen(sys.argv[-1], 'wb').write(sys.stdin.buffer.read())\n")

    def broken() -> Iterator[Picture]:
        yield from pictures()
        raise KeyboardInterrupt

    (tmp_path / f"turn.{kind}").write_text("before")
    with pytest.raises(KeyboardInterrupt):
        ALL[kind](broken(), tmp_path / f"turn.{kind}")
    assert sorted(os.listdir(tmp_path)) == ["bin", f"turn.{kind}"]
    assert (tmp_path / f"turn.{kind}").read_text() == "before"


@pytest.mark.parametrize("kind", ALL)
def test_what_cannot_be_animated_is_refused(tmp_path: Path, program: Callable[[str], Path], kind: str) -> None:
    program("import sys\nopen(sys.argv[-1], 'wb').write(sys.stdin.buffer.read())\n")
    path = tmp_path / f"turn.{kind}"
    with pytest.raises(RenderError, match="no picture to write"):
        ALL[kind](iter(()), path)
    with pytest.raises(RenderError, match="must have the same size"):
        ALL[kind]([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)], path)
    for rate in (0.0, -1.0, 1000.0, float("nan")):
        with pytest.raises(RenderError, match="pictures per second cannot be shown"):
            ALL[kind](pictures(), path, frames_per_second=rate)
    if kind != "webp":
        with pytest.raises(RenderError, match=f"{kind.upper()} has no opacity"):
            ALL[kind](pictures(4), path)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_folder_that_is_not_there_is_an_error_in_words(tmp_path: Path, kind: str) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        ALL[kind](pictures(), tmp_path / "absent" / f"turn.{kind}")
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        write_png_sequence(pictures(), tmp_path / "absent", "turn")
