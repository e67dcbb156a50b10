"""From words to rows: kinds, further settings, and whom a setting is for."""

import pytest

from kontur.errors import InputError
from kontur.train.study.candidates import candidates
from kontur.train.study.study_files import folder_name

COMMON = {"preset": "tiny", "data": {"path": "cells"}, "training": {"steps": 5}}


def rows(*kinds, **options):
    return {each.name: each for each in candidates(kinds, common=COMMON, **options)}


def test_the_baseline_always_stands_last_and_is_not_trained():
    found = rows("baseline", "snake")
    assert list(found) == ["snake", "baseline"]
    assert found["snake"].tree == {"kind": "snake", **COMMON}
    assert found["baseline"].tree == {
        "kind": "baseline", "data": {"path": "cells"}, "model": {}
    }  # fmt: skip


def test_settings_are_for_all_networks_or_for_one_kind():
    settings = ["training.batch=2", "model.points=16", "baseline:model.min_distance=3"]
    found = rows("snake", settings=settings)
    assert found["snake"].tree["training"] == {"steps": 5, "batch": 2}
    assert found["snake"].tree["model"] == {"points": 16}
    assert found["baseline"].tree["model"] == {"min_distance": 3}


def test_further_rows_are_named_by_what_they_set_or_by_name():
    found = rows(
        "snake",
        settings=["training.batch=2"],
        also=["snake:model.widths=[8,8],model.depths=[1,1]", "slow:kind=snake,training.batch=9"],
    )
    assert list(found) == [
        *("snake", "snake model.widths=[8,8],model.depths=[1,1]", "slow", "baseline")
    ]
    assert found["snake model.widths=[8,8],model.depths=[1,1]"].tree["model"] == {
        "widths": [8, 8],
        "depths": [1, 1],
    }
    assert (found["slow"].kind, found["slow"].tree["training"]["batch"]) == ("snake", 9)
    assert found["snake"].tree["training"]["batch"] == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"also": ["snak:model.points=3"]}, "no kind of model 'snak'; did you mean 'snake'.*kind="),
        ({"also": ["a:kind=snak,model.points=16"]}, "no kind of model 'snak'"),
        ({"also": ["snake"]}, r"--also wants KIND:KEY=VALUE,… such as"),
        ({"also": ["snake:model.points"]}, r"--also wants KIND:KEY=VALUE,… such as"),
        ({"also": ["a:kind=snake", "a:kind=snake"]}, "two rows are called 'a'"),
        ({"also": ["snake:model.pionts=16"]}, "did you mean 'points'"),
        ({"settings": ["unnet:model.points=3"]}, "'unnet' is not compared"),
        ({"settings": ["points"]}, "KEY=VALUE"),
        ({"settings": ["data.path=x"]}, "takes no data.path: give DATA"),
        ({"settings": ["kind=unet"]}, "takes no kind: give --kinds"),
        ({"settings": ["snake:kind=unet"]}, "takes no kind: give --kinds"),
        ({"also": ["baseline:kind=unet,model.levels=2"]}, "two rows are called 'baseline'"),
        ({"settings": ["data.val=folder"]}, "give data.val as a share such as 0.1"),
        ({"settings": ["preset=huge"]}, "no preset 'huge'"),
    ],
)
def test_what_no_run_would_take_is_refused_at_once(options, sentence):
    with pytest.raises(InputError, match=sentence):
        rows("snake", **options)


def test_every_row_has_a_folder_of_its_own():
    names = ["a b", "a/b", "a:b", "a-b", "x" * 100, "x" * 101, "..", "蛇"]
    folders = [folder_name(name) for name in names]
    assert len({*folders}) == len(names)
    assert all(1 <= len(each) <= 80 and "/" not in each and each != ".." for each in folders)
