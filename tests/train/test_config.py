"""The settings of a run: where a wrong key belongs, and files that are read back."""

from unittest.mock import Mock

import pytest

from kontur.errors import InputError
from kontur.models.card import Card
from kontur.settings import read_toml
from kontur.train.config import RunConfig
from kontur.train.run import _followed_channel
from kontur.train.training_data import TrainingData


def resolve(*settings: str) -> RunConfig:
    return RunConfig.resolve(file=None, settings=settings, given={})


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("minutes=6", "training.minutes"),
        ("optimiser.steps=6", "training.steps"),
        ("data.rate=1e-3", "optimiser.rate"),
        ("points=32", "model.points"),
        ("training.widths=[8]", "model.widths"),
        ("model.minutes=6", "training.minutes"),
        ("minuts=6", "training.minutes"),
    ],
)
def test_a_key_that_stands_in_the_wrong_table_is_answered_with_its_full_path(word, meant):
    with pytest.raises(InputError, match=f"unknown key '{word.partition('=')[0]}'.*'{meant}'"):
        resolve(word)


def test_a_slip_of_the_hand_within_a_table_is_answered_from_that_table():
    with pytest.raises(InputError, match=r"'training\.stepps'; did you mean 'steps'"):
        resolve("training.stepps=6")


@pytest.mark.parametrize("key", ["see p. 3", "größe", "a.b", "1", "", 'say "yes"', "two\nlines"])
def test_what_the_card_says_to_people_is_read_back_whatever_it_is_called(tmp_path, key):
    config = RunConfig(about={key: key})
    (tmp_path / "config.toml").write_text(config.to_toml(), encoding="utf-8")
    assert RunConfig.read(read_toml(tmp_path / "config.toml")) == config


def test_all_channels_can_be_asked_for_where_a_start_learned_from_one():
    start = Card(kind="snake", config={}, channel=1, version="0")
    data = Mock(spec=TrainingData, has_several_channels=True)
    for words, one, followed in (
        ((), None, 1),
        (("data.channel=2",), 2, None),
        (("data.channel=all",), None, None),
    ):
        config = resolve(*words)
        assert config.data.one_channel == one
        assert _followed_channel(config, start, data) == followed
