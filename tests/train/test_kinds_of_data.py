"""Trainings on what people have: classes, folders of parts, deep and small images."""

import numpy as np
import pytest
import tifffile
from PIL import Image

import kontur
from kontur.data.folder import open_folder
from kontur.data.synthetic import scene
from kontur.errors import InputError
from kontur.infer.folder_evaluation import evaluate_model
from kontur.infer.options import PredictOptions
from kontur.models.archive import read_model
from tests.train.runs import FEW_GRAPHS, run

SHORT = ("training.steps=2", "training.validate_every=2", *FEW_GRAPHS)
OPTIONS = PredictOptions(channel=1)
RNG = np.random.default_rng(0)


def write(folder, name, *, deep=None, channels=1, size=(72, 80)):
    """One scene as image and label image; 16 bits or many channels on request."""
    sample = scene(RNG, size=size, count=3, radius=(6.0, 10.0))
    pixels = sample.image[..., 0]
    for below in ("images", "labels"):
        (folder / below).mkdir(parents=True, exist_ok=True)
    if channels > 1:
        stack = np.stack([pixels // (1 + c) for c in range(channels)])
        names = [f"stain {c}" for c in range(channels)]
        tifffile.imwrite(
            folder / "images" / f"{name}.ome.tif",
            stack,
            photometric="minisblack",
            metadata={"axes": "CYX", "Channel": {"Name": names}},
        )
    elif deep:
        deeper = pixels.astype(np.uint16) * deep + 500
        tifffile.imwrite(folder / "images" / f"{name}.tif", deeper)
    else:
        Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
    ids = sample.instances.label_image(np.uint16)
    Image.fromarray(ids).save(folder / "labels" / f"{name}.png")
    return len(sample.instances)


def card(run):
    return read_model(run / "model.kontur").card


def test_classes_parts_of_their_own_and_deep_images_smaller_than_the_crop_from_another_model(
    finished, tmp_path
):
    data = tmp_path / "data"
    rows = ["image,id,class"]
    for part, names in {"train": "abc", "val": "de"}.items():
        for name in names:
            count = write(data / part, name, deep=100, size=(40, 50))
            kinds = ("flat", "round", "star")
            rows += [f"{part}/{name},{i},{kinds[i % 3]}" for i in range(1, count + 1)]
    (data / "classes.csv").write_text("\n".join(rows) + "\n")
    output = run(data, tmp_path / "run", *SHORT, start=str(finished / "model.kontur"))
    assert "3 images to learn from, 2 to validate on" in output
    assert (tmp_path / "run" / "validation.txt").read_text().split() == ["val/d", "val/e"]
    (line,) = (line for line in output.splitlines() if line.startswith("from "))
    assert line.endswith("weights taken over")  # each class begins as the one of the start
    assert card(tmp_path / "run").classes == ("flat", "round", "star")
    assert card(tmp_path / "run").training["start"] == str(finished / "model.kontur")


def test_one_of_many_channels_and_a_folder_to_validate_on(tmp_path):
    for name in "abc":
        write(tmp_path / "data", name, channels=5)
    write(tmp_path / "other", "d", channels=5)
    options = {"val": tmp_path / "other"}
    output = run(tmp_path / "data", tmp_path / "run", *SHORT, "data.channel=stain 2", **options)
    assert "3 images to learn from, 1 to validate on" in output
    assert card(tmp_path / "run").config["channels"] == 3  # as for any grey image
    run(tmp_path / "data", tmp_path / "all", *SHORT, **options)
    assert card(tmp_path / "all").config["channels"] == 5


@pytest.mark.parametrize("channel", [1, "stain 1"])
def test_a_model_of_one_channel_remembers_it_also_where_it_is_trained_on(tmp_path, channel):
    for name in "abc":
        write(tmp_path / "data", name, channels=3)
    first = run(tmp_path / "data", tmp_path / "run", *SHORT, f"data.channel={channel}", val=0.34)
    start = str(tmp_path / "run" / "model.kontur")
    output = run(tmp_path / "data", tmp_path / "on", *SHORT, start=start, val=0.34)
    line = f"in channel {channel}, as {start} learned (another with --set data.channel=N, "
    line += "all with data.channel=all)"
    assert line in output
    assert line not in first
    image = tmp_path / "data" / "images" / "a.ome.tif"
    for where in ("run", "on"):
        predictor = kontur.load(tmp_path / where)
        assert predictor.card.channel == channel
        seen, wanted = predictor.prepare(image), predictor.prepare(image, OPTIONS)
        np.testing.assert_array_equal(seen.view().images, wanted.view().images)
        found, expected = predictor.predict(image), predictor.predict(image, channel=1)
        assert len(found) == len(expected)
        evaluated, by_hand = (
            evaluate_model(predictor, open_folder(tmp_path / "data", channel=each)).summary
            for each in (None, 1)
        )
        assert evaluated.to_json() == by_hand.to_json()


def test_a_start_of_one_channel_leaves_others_and_single_channels_as_they_are(tmp_path):
    for name in "abc":
        write(tmp_path / "data", name, channels=3)
        write(tmp_path / "grey", name)
    run(tmp_path / "data", tmp_path / "run", *SHORT, "data.channel=1", val=0.34)
    start = str(tmp_path / "run" / "model.kontur")
    output = run(tmp_path / "grey", tmp_path / "on", *SHORT, start=start, val=0.34)
    assert "in channel" not in output
    assert card(tmp_path / "on").channel is None
    run(tmp_path / "data", tmp_path / "two", *SHORT, "data.channel=2", start=start, val=0.34)
    assert card(tmp_path / "two").channel == 2


def test_a_single_image_cannot_be_split(tmp_path):
    write(tmp_path / "data", "a")
    with pytest.raises(InputError, match=r"holding out needs at least two.*validation data"):
        run(tmp_path / "data", tmp_path / "run", val=0.2)
    write(tmp_path / "val", "a")
    run(tmp_path / "data", tmp_path / "run", *SHORT, val=tmp_path / "val")
    assert card(tmp_path / "run").training["images"] == 1


@pytest.mark.parametrize("val", [0, 1.5, "2", "nowhere"])
def test_what_cannot_be_validated_on_is_refused(folder, tmp_path, val):
    with pytest.raises(InputError, match=r"between 0 and 1|nowhere"):
        run(folder, tmp_path / "run", val=val)
    assert not (tmp_path / "run").exists()


def test_no_data_is_reported(tmp_path):
    with pytest.raises(InputError, match="give DATA"):
        run(None, tmp_path / "run")
    with pytest.raises(InputError, match="nowhere"):
        run(tmp_path / "nowhere", tmp_path / "run")
