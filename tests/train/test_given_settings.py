from pathlib import Path

import pytest

from kontur.errors import InputError
from kontur.train.given_settings import given_config, network_settings

RUN = Path("run")


def test_settings_of_a_start_are_those_below_unless_a_preset_or_another_kind_is_given():
    config = given_config(RUN, "data", start="nuclei", settings=["model.points=32"])
    assert (config.start, config.model) == ("nuclei", {"points": 32})
    with pytest.raises(InputError, match="four anchors want"):
        given_config(
            RUN, "data", start="nuclei", settings=["model.anchors=four", "model.points=33"]
        )
    with pytest.raises(InputError, match=r"did you mean 'model\.points'"):
        given_config(RUN, "data", start="nuclei", settings=["points=32"])


def test_weights_of_classes_wait_for_the_data_which_name_these():
    words = ["model.class_weights=[1,2,4,8]", "data.task=semantic"]
    config = given_config(RUN, "data", kind="unet", settings=words)
    assert network_settings(config)["class_weights"] == [1, 2, 4, 8]


def test_what_is_given_twice_is_taken_from_the_last(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("preset = 'tiny'\nkind = 'unet'\n[training]\nsteps = 3\n")
    config = given_config(
        RUN, "data", kind="snake", val=Path("val"), config=file, settings=["training.steps=5"]
    )
    assert (config.kind, config.preset, config.training.steps) == ("snake", "tiny", 5)
    assert (config.data.path, config.data.val) == ("data", "val")


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("nuclii", "no shipped model 'nuclii'"),
        ("runs/none.kontur", "there is no model file runs/none.kontur"),
    ],
)
def test_a_start_that_is_not_there_is_told(start, sentence):
    with pytest.raises(InputError, match=sentence):
        given_config(RUN, "data", start=start)
