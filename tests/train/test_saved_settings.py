"""The saved settings of a run: those that an older Kontur wrote have today's names."""

import pytest

from kontur.errors import InputError
from kontur.settings import to_toml
from kontur.train.run_folder import CONFIG
from kontur.train.saved_settings import read_config, resumed_config


def test_a_saved_run_with_former_names_of_settings_is_read(tmp_path):
    former = {"focus": 0.25, "fade": 0.5, "shade": 0.125, "shade_strength": 0.75}
    saved = {"kind": "unet", "augment": former, "model": {"decode": {"apart": 3.0}}}
    (tmp_path / CONFIG).write_text(to_toml(saved), encoding="utf-8")
    config = read_config(tmp_path)
    assert config.augment.object_crops == 0.25
    assert config.augment.desaturate == 0.5
    assert (config.augment.shading, config.augment.shading_strength) == (0.125, 0.75)
    assert config.model == {"decode": {"min_distance": 3.0}}


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [
        ({}, {"val": "0.5"}, "data.val"),
        ({"val": 0.5}, {"val": "0.5"}, None),
        ({"val": 0.5}, {"val": "folder"}, "data.val"),
        ({"val": "folder"}, {"val": "moved/folder"}, None),
        ({"group": "film"}, {"group": "slide"}, "data.group"),
        ({"page": "all"}, {"page": 2}, "data.page"),
        ({}, {"path": "moved"}, None),
    ],
)
def test_what_a_run_validates_on_cannot_be_chosen_anew(tmp_path, before, now, refused):
    (tmp_path / CONFIG).write_text(to_toml({"data": {"scale": 1.0, **before}}), encoding="utf-8")
    if refused is None:
        resumed_config(tmp_path, {"data": now}, ())
    else:
        with pytest.raises(InputError, match=f"keeps the validation images .* change {refused}"):
            resumed_config(tmp_path, {"data": now}, ())


def test_a_file_of_settings_reaches_a_run_that_goes_on_and_its_scale_stays(tmp_path):
    saved = {"data": {"scale": 2.0}, "training": {"steps": 9, "patience": 4}}
    (tmp_path / CONFIG).write_text(to_toml(saved), encoding="utf-8")
    file = tmp_path / "more.toml"
    file.write_text('[data]\nscale = "auto"\n[training]\nsteps = 20\npatience = 5\n')
    config = resumed_config(tmp_path, {}, ["training.steps=30"], file=file)
    assert (config.training.steps, config.training.patience, config.data.scale) == (30, 5, 2.0)
    file.write_text('kind = "unet"\n')
    with pytest.raises(InputError, match="cannot change kind"):
        resumed_config(tmp_path, {}, (), file=file)
    with pytest.raises(InputError, match="cannot change preset"):
        resumed_config(tmp_path, {"preset": "tiny"}, ())
