"""The card: what it must say, and that it survives a file."""

import pytest

from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.errors import InputError
from kontur.models.card import Card, Thresholds

# of a build that knew no ranges, letter by letter
BEFORE_RANGES = """\
{
  "format": 4,
  "name": "some",
  "kind": "snake",
  "config": {
    "points": 8
  },
  "classes": [
    "object"
  ],
  "thresholds": {
    "score": 0.25,
    "overlap": 0.4
  },
  "normalise": {
    "mode": "percentile",
    "low": 1.0,
    "high": 99.8,
    "over": "image",
    "compress": 0.0,
    "mean": [],
    "std": []
  },
  "scale": 1.0,
  "channel": null,
  "object_size": 19.5,
  "pixel_size": null,
  "version": "0.1.0",
  "training": {},
  "scores": {},
  "about": {}
}"""
LEAST = {"kind": "snake", "config": {}, "version": "0.1.0"}


def test_a_card_that_went_through_json_is_the_same_card():
    card = Card(
        kind="snake",
        config={"points": 64, "classes": ["a", "b"]},
        classes=("a", "b"),
        thresholds=Thresholds(score=0.25, overlap=0.5),
        normalise={"mode": "percentile", "low": 1.0},
        object_size=19.5,
        pixel_size=0.65,
        version="0.1.0",
        training={"images": 530, "minutes": 95.5, "data": "dsb2018"},
        scores={"AP50": 0.91, "AP": None},
        about={"licence": "CC0", "note": "细胞核"},
    )
    assert Card.model_validate_json(card.model_dump_json()) == card


def test_a_card_says_at_least_the_kind_its_config_and_who_wrote_it():
    card = Card.read(LEAST)
    assert (card.format, card.classes, card.object_size) == (4, ("object",), None)
    for field in LEAST:
        values = {key: value for key, value in LEAST.items() if key != field}
        with pytest.raises(InputError, match=f"'{field}' is missing"):
            Card.read(values)


@pytest.mark.parametrize("channel", [None, 0, 488, "488", "DAPI"])
def test_a_channel_is_a_number_or_a_name_and_stays_so(channel):
    card = Card.model_validate_json(Card.read({**LEAST, "channel": channel}).model_dump_json())
    assert card.channel == channel
    assert type(card.channel) is type(channel)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("field", ["score", "overlap"])
def test_thresholds_lie_between_0_and_1(field, value):
    with pytest.raises(InputError, match=f"'{field}' is {value}"):
        Thresholds().replace(**{field: value})


def test_an_object_size_is_above_zero_where_it_is_known():
    with pytest.raises(InputError, match="object_size"):
        Card.read({**LEAST, "object_size": 0})


def test_a_card_is_not_changed_but_replaced():
    card = Card.read(LEAST)
    with pytest.raises(ValueError, match="frozen"):
        card.name = "other"
    tuned = card.replace(thresholds=Thresholds(score=0.5))
    assert (tuned.thresholds.score, card.thresholds.score) == (0.5, 0.3)


def test_a_card_without_a_range_is_the_text_that_builds_before_ranges_wrote_and_read():
    card = Card(
        name="some",
        kind="snake",
        config={"points": 8},
        thresholds=Thresholds(score=0.25),
        normalise=NormaliseConfig().model_dump(mode="json"),
        object_size=19.5,
        version="0.1.0",
    )
    assert card.model_dump_json(indent=2) == BEFORE_RANGES


def test_only_a_card_with_a_range_is_of_the_format_that_builds_before_refuse():
    plain, fixed = {"mode": "percentile", "range": None}, {"mode": "range", "range": [100, 4000]}
    # of a build that wrote every card so
    assert Card.read({**LEAST, "format": 5, "normalise": plain}) == Card.read(
        {**LEAST, "format": 4, "normalise": {"mode": "percentile"}}
    )
    ranged = Card.read({**LEAST, "normalise": fixed})
    assert (ranged.format, ranged.normalise) == (5, fixed)
    assert ranged.replace(normalise=plain).format == 4
