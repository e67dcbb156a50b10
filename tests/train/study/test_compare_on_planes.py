"""Studies of volumes: all planes of one are on one side of every split."""

import json

import pytest

from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.settings import read_toml
from kontur.train.config import RunConfig
from kontur.train.study import jobs as room
from kontur.train.training_data import open_data
from tests.data.annotated_volumes import volume
from tests.train.study import studies
from tests.train.study.studies import study


@pytest.fixture
def processes(monkeypatch):
    fake = studies.Processes()
    monkeypatch.setattr(room, "run_worker", fake)
    return fake


def test_planes_of_a_volume_stay_together(tmp_path, processes):
    data = tmp_path / "data"
    for number in range(5):
        volume(data, f"v{number}.tif", 3, full=[number % 3])
    found, _ = study(data, tmp_path / "study", settings=["data.page=all"])
    assert found.failures == []
    for fold in (1, 2, 3):
        place = tmp_path / "study" / "fits" / "snake" / f"fold-{fold}"
        config = RunConfig.read(read_toml(place / "config.toml")).data
        job = json.loads((place / "judge.json").read_text())
        fit = open_data(config, seed=0)
        judged = open_folder(job["data"], page=job["page"]).subset(job["names"])
        parts = [{*part.names} for part in (fit.train, fit.val, judged)]
        assert set.union(*parts) == {f"v{number}" for number in range(5)}
        assert sum(map(len, parts)) == 5
        assert len(fit.train) + len(fit.val) + len(judged) == 15


def test_planes_of_a_single_volume_are_not_cross_validated(tmp_path, processes):
    data = volume(tmp_path / "data", "v.tif", 12)
    with pytest.raises(InputError, match="12 planes of one image, v, and folds hold out whole"):
        study(data, tmp_path / "study", settings=["data.page=all"])
    assert processes.calls == []
