import importlib.util
import sys
import types

import pytest

from kontur import extra


@pytest.fixture
def calls(monkeypatch):
    """What `kontur reinforce` asks of `kontur.edit.reinforce`, instead of a training."""
    asked = []
    module = types.ModuleType("kontur.edit.reinforce")

    def reinforce(data, **options):
        options.pop("report")("0.1 min, reward")
        asked.append((data, options))

    module.reinforce = reinforce
    monkeypatch.setitem(sys.modules, "kontur.edit.reinforce", module)
    return asked


def test_options_reach_the_training_and_lines_the_screen(kontur, calls, tmp_path):
    out = tmp_path / "out.kontur"
    words = ["reinforce", tmp_path, "--model", "nuclei", "--out", out, "--method", "snake"]
    printed = kontur(
        *words,
        "--minutes",
        "2.5",
        "--seed",
        "3",
        "--val",
        "0.2",
        "--channel",
        "DAPI",
        "--page",
        "2",
    )
    ((data, options),) = calls
    assert data == tmp_path
    assert options == {
        "model": "nuclei",
        "out": out,
        "val": "0.2",
        "method": "snake",
        "minutes": 2.5,
        "seed": 3,
        "channel": "DAPI",
        "page": 2,
    }
    assert "0.1 min, reward" in printed
    assert f"wrote {out}" in printed
    assert "0.1 min" not in kontur(*words, "--quiet")


def test_when_stopped_it_says_whether_a_model_was_written(kontur, calls, monkeypatch, tmp_path):
    out, writes = tmp_path / "out.kontur", []

    def stopped(data, **options):
        for text in writes:
            options["out"].write_text(text)
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["kontur.edit.reinforce"], "reinforce", stopped)
    words = ["reinforce", tmp_path, "--model", "nuclei", "--out", out]
    assert f"Stopped: {out} was not written yet" in kontur(*words, code=130)
    writes.append("best")
    assert f"Stopped: {out} has the best so far" in kontur(*words, code=130)


def test_a_file_that_is_there_is_kept_unless_it_may_be_overwritten(kontur, calls, tmp_path):
    out = tmp_path / "out.kontur"
    out.write_text("mine")
    words = ["reinforce", tmp_path, "--model", "nuclei", "--out", out]
    assert "exists; give another --out, or --force" in kontur(*words, code=1)
    assert not calls
    kontur(*words, "--force")
    assert len(calls) == 1


def test_a_place_that_cannot_be_written_is_known_before_any_work(kontur, calls, tmp_path):
    (tmp_path / "file").touch()
    words = ["reinforce", tmp_path, "--model", "nuclei", "--out", tmp_path / "file" / "m.kontur"]
    assert "m.kontur: could not write" in kontur(*words, code=1)
    assert not calls


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"--model": "nuclii"}, 1, "no shipped model 'nuclii'"),
        ({"--method": "agents"}, 2, "'agent'"),
        ({"data": "nowhere"}, 1, "there is no folder nowhere"),
    ],
)
def test_what_is_wrong_without_a_look_at_the_images_is_told_before_torch_is_imported(
    kontur, monkeypatch, tmp_path, changes, code, sentence
):
    monkeypatch.setitem(sys.modules, "kontur.edit.reinforce", None)  # importing it is an error
    options = {"data": tmp_path, "--model": "nuclei", "--out": tmp_path / "a.kontur"} | changes
    data = options.pop("data")
    words = [word for pair in options.items() for word in pair]
    assert sentence in kontur("reinforce", data, *words, code=code)


def test_without_the_extras_it_says_what_to_install(kontur, monkeypatch, tmp_path):
    find = importlib.util.find_spec
    from kontur.cli import reinforce as command

    monkeypatch.setattr(
        command, "find_spec", lambda name: None if name == "gymnasium" else find(name)
    )
    words = ["reinforce", tmp_path, "--model", "nuclei", "--out", tmp_path / "out.kontur"]
    assert f"needs gymnasium: {extra.install('train,edit')}" in kontur(*words, code=1)


def test_polishing_without_an_agent_ends_before_any_image(kontur, model, images, tmp_path):
    out = tmp_path / "outlines"
    words = ["predict", images, "--model", model, "--out", out, "--polish"]
    printed = kontur(*words, code=1)
    assert "has no agent that corrects outlines" in printed
    assert "kontur reinforce DATA" in printed
    assert not out.exists()
