"""What a run's folder says of the images that it learned from and of those that it held out."""

from kontur.infer.learned_images import (
    read_learned,
    read_names,
    run_of,
    write_learned,
    write_names,
)


def test_names_of_validation_images_are_read_as_they_were_written(tmp_path):
    assert read_names(tmp_path) is None
    names = ["val/a", "caf\udce9", "café", "two\u2028lines\r"]
    write_names(tmp_path, names)
    assert read_names(tmp_path) == names


def test_a_run_that_goes_on_knows_what_it_learned_from_before(tmp_path):
    assert read_learned(tmp_path) == frozenset()
    write_learned(tmp_path, ["b", None, "a"])
    write_learned(tmp_path, ["c", "b"])
    assert read_learned(tmp_path) == {"a", "b", "c"}


def test_only_the_model_of_a_run_is_known_to_have_learned(tmp_path):
    for name in ("model.kontur", "other.kontur"):
        (tmp_path / name).touch()
    assert run_of(tmp_path) is None
    write_learned(tmp_path, [])
    assert run_of(tmp_path) == run_of(tmp_path / "model.kontur") == tmp_path
    assert run_of(tmp_path / "other.kontur") is run_of("nuclei") is None
