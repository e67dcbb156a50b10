import pytest

from kontur.infer import load


def test_the_models_that_come_along_are_listed(kontur, model, monkeypatch):
    monkeypatch.setattr(load, "shipped_models", lambda: {"random": model})
    head, row, *_ = kontur("models").splitlines()
    assert head.split() == ["name", "kind", "MB", "classes", "AP50", "AP75", "AP"]
    assert row.split() == [
        *("random", "snake", f"{model.stat().st_size / 1e6:.1f}", "nucleus"),
        *("0.500", "–", "–"),
    ]


def test_no_model_is_said(kontur, monkeypatch):
    monkeypatch.setattr(load, "shipped_models", dict)
    assert "kontur train makes one" in kontur("models")


def test_a_card_says_what_the_model_is_and_how_it_was_made(kontur, model):
    output = kontur("models", model)
    for word in ("snake", "nucleus", "0.05", "16.0 pixels", "1,200", "AP50", "0.500", "CC0"):
        assert word in output, word


def test_a_run_is_a_model_too(kontur, model, tmp_path):
    (tmp_path / "model.kontur").write_bytes(model.read_bytes())
    assert kontur("models", tmp_path).startswith(f"random: {tmp_path / 'model.kontur'}")


@pytest.mark.parametrize("name", ["nucleus-of-nothing", "no/such.kontur"])
def test_a_model_that_is_not_there_is_one_sentence(kontur, name):
    assert len(kontur("models", name, code=1).strip().splitlines()) == 1
