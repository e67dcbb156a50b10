"""Options by the words of other programs: the one that is meant is suggested."""

import pytest
import typer.main
from typer.testing import CliRunner

from kontur.cli.app import app
from kontur.cli.words_elsewhere import KNOWN, OPTIONS
from kontur.errors import InputError
from kontur.train.config import RunConfig
from kontur.train.words_elsewhere import SETTINGS


def said(command, option):
    """The end of the sentence on an option that the command does not have."""
    result = CliRunner().invoke(app, [command, "x", option, "1"])
    assert result.exit_code == 2
    line = result.output.strip().splitlines()[-1]
    return line.removeprefix(f"Error: No such option: {option}").strip()


@pytest.mark.parametrize(
    ("command", "option", "meant"),
    [
        ("predict", "--threshold", "--score"),
        ("predict", "--conf", "--score"),
        ("predict", "--prob-thresh", "--score"),
        ("predict", "--flow_threshold", "--score"),
        ("predict", "--nms_thresh", "--overlap"),
        ("predict", "--iou", "--overlap"),
        ("predict", "--min_size", "--min-size"),
        ("predict", "--diam", "--diameter"),
        ("predict", "--chan", "--channel"),
        ("predict", "--use_gpu", "--device"),
        ("predict", "--batch-size", "--workers"),
        ("predict", "--do_3D", "--page"),
        ("predict", "--save_png", "--format"),
        ("predict", "--weights", "--model"),
        ("predict", "--scor", "--score"),  # a slip of the pen
        ("evaluate", "--threshold", "--score"),
        ("train", "--epochs", "--minutes"),
        ("train", "--batch-size", "--set training.batch=VALUE"),
        ("train", "--lr", "--set optimiser.rate=VALUE"),
        ("train", "--gpu", "--set training.accelerator=VALUE"),
        ("train", "--seed", "--set training.seed=VALUE"),
        ("train", "--model", "--from, --kind"),
        ("compare", "--learning_rate", "--set optimiser.rate=VALUE"),
        ("learn", "--label", "--target"),
        ("describe", "--filter", "--where"),
    ],
)
def test_what_is_meant_is_suggested_and_nothing_else(command, option, meant):
    assert said(command, option) == f"(Possible options: {meant})"


def test_what_is_given_without_an_option_is_named():
    assert said("predict", "--dir").endswith("; give IMAGES without an option")
    assert said("evaluate", "--gt").endswith("; give [PREDICTIONS] TRUTH without an option")


@pytest.mark.parametrize(
    ("command", "option"),
    [("measure", "--threshold"), ("train", "--verbose"), ("measure", "--min-size"), ("demo", "-i")],
)
def test_what_a_command_does_not_do_is_not_guessed_by_its_spelling(command, option):
    assert said(command, option) == ""


def test_every_word_stands_for_an_option_or_a_setting_that_is_there():
    commands = typer.main.get_command(app).commands.values()
    known = {name for command in commands for each in command.params for name in each.opts}
    assert {*OPTIONS} <= known
    assert {*SETTINGS.values()} <= {*RunConfig.dotted_keys()}
    assert all(word == word.lower().replace("_", "-") for word in KNOWN)


@pytest.mark.parametrize("key", ["lr", "training.lr", "optimiser.learning_rate"])
def test_a_setting_by_the_word_of_another_program_gets_ours(key):
    with pytest.raises(InputError, match=rf"unknown key '{key}'; did you mean 'optimiser\.rate'"):
        RunConfig.resolve(file=None, settings=[f"{key}=1"], given={})
