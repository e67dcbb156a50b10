import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import typer
from PIL import Image
from typer.main import get_command

import kontur as package
from kontur.cli import CYCLES_SOUGHT_AFTER
from kontur.cli.app import CommandGroup, _message, _remedy, app
from kontur.errors import NOT_WRITTEN

PROGRAM = "from kontur.cli import main; main()"
SLOW = ("numpy", "onnxruntime", "shapely", "kontur.settings", "torch", "rich")
TRAINING = ("torch", "lightning", "onnx", "scipy", "skimage", "matplotlib", "pandas")


def start(*words: object, program: str = PROGRAM) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a test run in the background ignores Ctrl-C, and its children would inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def imported(*words: object, among: tuple[str, ...]) -> list[str]:
    """Which packages a whole run of the command line has imported in the end."""
    program = (
        "import atexit, json, sys\n"
        f"atexit.register(lambda: print(json.dumps([m for m in {among} if m in sys.modules])))\n"
        f"{PROGRAM}"
    )
    out, err = start(*words, program=program).communicate(timeout=120)
    return json.loads(out.splitlines()[-1]) if out else [err]


def test_help_and_version_import_nothing_that_takes_time():
    assert imported("--help", among=SLOW) == []
    # The formats of outlines say themselves what they are, in a third of a second.
    assert set(imported("predict", "--help", among=SLOW)) <= {"numpy", "shapely"}
    assert imported("--version", among=SLOW) == []


def test_predicting_imports_nothing_of_training(images, model, tmp_path):
    words = ("predict", images / "a.png", "--model", model, "--out", tmp_path / "out", "--overlay")
    assert imported(*words, among=TRAINING) == []


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in other units")
def test_predicting_a_small_image_stays_below_500_megabytes(images, model, tmp_path):
    # what the process says itself: the usage that a parent is told begins with the parent's own
    program = (
        "import atexit, pathlib\n"
        "atexit.register(lambda: print(pathlib.Path('/proc/self/status').read_text()))\n"
        f"{PROGRAM}"
    )
    words = ("predict", images / "a.png", "--model", model, "--out", tmp_path / "o", "--quiet")
    out, err = start(*words, program=program).communicate(timeout=180)
    kilobytes = int(out.split("VmHWM:")[1].split()[0])
    assert 20_000 < kilobytes < 500_000, err


def test_the_version_is_printed(kontur):
    assert kontur("--version") == f"kontur {package.__version__}\n"


def test_every_command_is_listed_and_has_examples(kontur):
    output = kontur("--help")
    for command in (
        "demo",
        "predict",
        "measure",
        "evaluate",
        "inspect",
        "train",
        "models",
        "convert",
    ):
        assert f"  {command} " in output
    for command in ("predict", "measure", "evaluate", "inspect", "train", "models", "convert"):
        assert f"  kontur {command} " in kontur(command, "--help")


def test_no_command_shows_the_help(kontur):
    assert "Commands:" in kontur(code=2)


@pytest.mark.parametrize(
    "words", [["predct"], ["predict"], ["predict", "a.png", "--out", "o", "--score", "2"]]
)
def test_wrong_usage_ends_with_two_and_a_hint(kontur, words):
    assert "--help" in kontur(*words, code=2)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--precision", "half", "'half' is not one of 'auto', 'float32', 'int8', 'bf16'"),
        ("--device", "tpu", "'tpu' is not one of 'auto', 'cpu', 'cuda'"),
        ("--score", "2", "it should be less than or equal to 1"),
        ("--threads", "two", "it should be a whole number"),
    ],
)
def test_a_wrong_value_of_an_option_is_told_in_plain_words(kontur, option, value, sentence):
    output = kontur("predict", "a.png", "--out", "o", option, value, code=2)
    assert f"Invalid value for '{option}': {sentence}" in output


def test_bad_input_is_one_sentence_on_standard_error(tmp_path):
    out, err = start("inspect", tmp_path / "none").communicate(timeout=60)
    assert out == ""
    assert err == f"Error: there is no folder {tmp_path / 'none'}\n"


def test_warnings_of_other_packages_are_no_output_unless_asked_for(model, tmp_path, monkeypatch):
    exif = b"Exif\0\0II*\0\x08\0\0\0\x40\0"  # which ends in the middle
    Image.new("RGB", (96, 96)).save(tmp_path / "a.jpg", exif=exif)
    words = ("predict", tmp_path / "a.jpg", "--model", model, "--out", tmp_path, "--force")
    assert "Warning" not in start(*words).communicate(timeout=60)[1]
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    assert "Corrupt EXIF data" in start(*words).communicate(timeout=60)[1]


def test_a_defect_of_ours_keeps_its_traceback():
    broken = typer.Typer(cls=CommandGroup, pretty_exceptions_enable=False, add_completion=False)
    broken.callback()(lambda: None)

    @broken.command()
    def fail() -> None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        broken(["fail"])


def test_what_the_system_refuses_names_the_file():
    error = PermissionError(13, "Permission denied", "/x/y")
    assert _message(error) == "/x/y: Permission denied"
    assert _message(OSError("the socket is gone")) == "the socket is gone"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("predict", "; give a place that you may write to with --out"),
        ("measure", "; give a place that you may write to with --out or --geojson"),
        ("learn", "; give a place that you may write to with --out or --report"),
        ("convert", "; give a TARGET that you may write to"),
        ("serve", "; it must be a folder that you may write to, copy it to one"),
        ("models", ""),
    ],
)
def test_where_a_command_may_not_write_it_says_what_to_do(code, name, remedy):
    error = OSError(code, f"{NOT_WRITTEN}: {os.strerror(code)}", "scans/predict.json")
    group = get_command(app)
    assert isinstance(group, CommandGroup)
    assert _remedy(group.commands[name], error) == remedy


@pytest.mark.parametrize(
    ("code", "name", "remedy"),
    [
        (errno.ENOSPC, "predict", "; make room there, or give another place with --out"),
        (errno.EDQUOT, "predict", "; make room there, or give another place with --out"),
        (errno.EDQUOT, "convert", "; make room there"),
        (errno.EFBIG, "predict", "; give another place with --out"),  # room makes no file less
        (errno.EFBIG, "convert", ""),
    ],
)
def test_where_the_disk_is_full_a_command_says_what_to_do(code, name, remedy):
    error = OSError(code, f"{NOT_WRITTEN}: {os.strerror(code)}", "scans/predict.json")
    group = get_command(app)
    assert isinstance(group, CommandGroup)
    assert _remedy(group.commands[name], error) == remedy
    error = OSError(code, os.strerror(code), "scans/predict.json")  # not about what is written
    assert _remedy(group.commands[name], error) == ""


def test_the_error_of_a_place_where_a_command_may_not_write_ends_in_what_to_do(capsys):
    commands = typer.Typer(cls=CommandGroup, add_completion=False)
    commands.callback()(lambda: None)

    @commands.command()
    def fail(target: Annotated[str, typer.Argument()] = "") -> None:
        raise OSError(errno.EROFS, f"{NOT_WRITTEN}: read-only", "ro/out.geojson")

    with pytest.raises(SystemExit):
        commands(["fail"])
    assert capsys.readouterr().err == (
        "Error: ro/out.geojson: could not write: read-only; give a TARGET that you may write to\n"
    )


def test_a_reader_that_stops_listening_is_no_defect(model):
    with start("models", model) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_ctrl_c_keeps_what_is_finished_and_the_next_call_goes_on(model, tmp_path, kontur):
    folder, out = tmp_path / "images", tmp_path / "out"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(300):
        pixels = rng.integers(0, 255, (96, 96), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    words = ("predict", folder, "--model", model, "--out", out, "--format", "geojson,csv")
    process = start(*words)
    wait_for(out / "001.csv", process)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=180)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    stopped = output.strip().splitlines()[-1]
    assert stopped.startswith("Stopped: ")
    assert "of 300 images are finished and whole" in stopped
    finished = sorted(out.glob("*.csv"))
    assert 2 <= len(finished) < 300
    assert not list(out.glob(".kontur-*"))
    for file in [*out.glob("*.csv"), *out.glob("*.geojson")]:
        package.read(file)
    before = {file: file.stat().st_mtime_ns for file in finished}
    done = {file.stem for file in finished}  # several at a time, so not always the first
    left = [image for image in sorted(folder.iterdir()) if image.stem not in done]
    for image in left[3:]:  # the next call need not do them all
        image.unlink()
    output = kontur(*words)
    assert f"{len(finished)} images already there, skipped" in output
    assert {file: file.stat().st_mtime_ns for file in finished} == before
    assert len(list(out.glob("*.csv"))) == len(list(folder.iterdir()))


def wait_for(file: Path, process: "subprocess.Popen[str]") -> None:
    for _ in range(1200):
        if file.exists() or process.poll() is not None:
            return
        time.sleep(0.05)
    raise AssertionError(f"{file} did not appear")


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "kontur", "--version"], capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == (f"kontur {package.__version__}", "")


def test_a_command_seldom_looks_for_cycles_and_not_when_it_ends():
    script = (
        "import gc, sys\nfrom kontur.cli import main\nsys.argv = ['kontur', '--version']\n"
        "try:\n    main()\nfinally:\n"
        "    print(gc.get_threshold()[0], gc.isenabled(), gc.get_freeze_count() > 10_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split()[-3:] == [str(CYCLES_SOUGHT_AFTER), "True", "True"]
