"""What an error advises are options that there are, and that the command at hand has."""

import ast
import functools
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import tifffile
import typer

import kontur as package
from kontur.cli.app import app
from kontur.cli.command_advice import adapted
from kontur.images.image_file import read_image

SOURCE = Path(package.__file__).parent
COMMANDS = typer.main.get_command(app).commands
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OTHERS = {"--nproc-per-node", "--force-reinstall"}  # of torchrun and pip
READING = ("files", "images", "formats", "data")  # by which every command reads


def options_of(name):
    parameters = COMMANDS[name].params
    return {word for one in parameters for word in (*one.opts, *one.secondary_opts)}


@functools.cache
def sentences():
    """The texts of all errors of input, each the constant parts of one, with its file."""
    return [*_sentences()]


def _sentences():
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and "InputError" in ast.unparse(node):
                parts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
                yield (
                    file.relative_to(SOURCE),
                    "".join(part for part in parts if isinstance(part, str)),
                )


def test_every_option_that_an_error_names_is_one_of_a_command():
    known = set().union(OTHERS, *map(options_of, COMMANDS))
    named = {(file, word) for file, text in sentences() for word in OPTION.findall(text)}
    assert len(named) > 50
    assert {(file, word) for file, word in named if word not in known} == set()


@pytest.mark.parametrize("command", ["train", "compare"])
def test_what_chooses_of_an_image_is_a_setting_where_it_is_no_option(command):
    """`--page all` is of commands that have it."""
    read = [(file, text) for file, text in sentences() if file.parts[0] in READING]
    assert any("--page N" in text for _, text in read)
    for file, text in read:
        said = adapted(COMMANDS[command], text).replace("--page all", "")
        lacking = {"--page", "--channel"} - options_of(command)
        assert not lacking & {*OPTION.findall(said)}, (file, said)


@pytest.mark.parametrize(
    ("command", "sentence", "said"),
    [
        (
            "train",
            "choose it with --page N (in Python page=N), 0 to 4, or --channel N where the pages "
            "are channels",
            "choose it with --set data.page=N, 0 to 4 or all, or --set data.channel=N where the "
            "pages are channels",
        ),
        (
            "compare",
            "choose one with --page (in Python page=)",
            "choose one with --set data.page=N",
        ),
        ("train", "give --page 3, or another", "give --set data.page=3, or another"),
        (
            "train",
            "give --page 3, or use kontur predict --page all",
            "give --set data.page=3, or use kontur predict --page all",
        ),
        (
            "convert",
            "--page N (in Python page=N), or --channel N where the pages are channels",
            "--page N (in Python page=N)",
        ),
        ("predict", "--page N (in Python page=N)", "--page N (in Python page=N)"),
        (
            "predict",
            "choose it with --page N (in Python page=N), 0 to 4",
            "choose it with --page N (in Python page=N), 0 to 4, or take every one with --page all",
        ),
    ],
)
def test_advice_is_in_the_words_of_the_command(command, sentence, said):
    assert adapted(COMMANDS[command], sentence) == said


def test_separate_images_of_a_file_are_no_stack_of_which_every_page_could_be_taken():
    sentence = (
        "a.tif is a file of 2 separate images, and one plane is wanted: choose it with --page N "
        "(in Python page=N), 0 to 1"
    )
    assert adapted(COMMANDS["predict"], sentence) == sentence


def test_training_on_a_stack_says_which_setting_chooses_the_page(kontur, monkeypatch, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 9, 9), np.uint8), metadata={"axes": "ZYX"})
    training = types.ModuleType("kontur.train.run")
    training.train = lambda data, **options: read_image(data / "a.tif")
    monkeypatch.setitem(sys.modules, "kontur.train.run", training)
    output = kontur("train", tmp_path, "--out", tmp_path / "run", code=1)
    assert "choose it with --set data.page=N, 0 to 4" in output
