"""The files of a run: settings that an older Kontur wrote are read under today's names."""

from kontur.settings import to_toml
from kontur.train.run_files import CONFIG, read_config


def test_a_saved_run_with_former_names_of_settings_is_read(tmp_path):
    former = {"focus": 0.25, "fade": 0.5, "shade": 0.125, "shade_strength": 0.75}
    saved = {"kind": "unet", "augment": former, "model": {"decode": {"apart": 3.0}}}
    (tmp_path / CONFIG).write_text(to_toml(saved), encoding="utf-8")
    config = read_config(tmp_path)
    assert config.augment.object_crops == 0.25
    assert config.augment.desaturate == 0.5
    assert (config.augment.shading, config.augment.shading_strength) == (0.125, 0.75)
    assert config.model == {"decode": {"min_distance": 3.0}}
