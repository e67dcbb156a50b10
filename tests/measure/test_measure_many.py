"""Many images in one table: rows in order, one unit, metadata as numbers where they are."""

import sys

import numpy as np
import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.instances import Instances
from kontur.measure.measure_many import measure_many
from kontur.measure.sources.source import Picture, Source
from kontur.measure.table import measure
from tests.measure.drawn import noise_labels

LABELS = [noise_labels(seed) for seed in range(3)]
FOUND = [Instances.from_label_image(labels) for labels in LABELS]


def source(name, instances, image=None, pixel_size=None, **metadata):
    return Source.whole(name, lambda: Picture(instances, image, pixel_size), metadata)


def grey(seed, channels=1):
    size = (*LABELS[0].shape, channels)
    return np.random.default_rng(seed).integers(0, 255, size, dtype=np.uint8)


def test_rows_are_those_of_the_images_below_each_other():
    sources = [source(f"i{n}", found, grey(n)) for n, found in enumerate(FOUND)]
    seen = []
    table = measure_many(sources, progress=lambda done, total: seen.append((done, total)))
    apart = [measure(found, grey(n), name=f"i{n}") for n, found in enumerate(FOUND)]
    pd.testing.assert_frame_equal(table, pd.concat(apart, ignore_index=True))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert table.attrs == apart[0].attrs


def test_an_image_without_objects_changes_nothing():
    empty = Instances.empty(LABELS[0].shape)
    sources = [source("none", empty, grey(0)), source("a", FOUND[0], grey(0))]
    table = measure_many(sources)
    assert table.dtypes.to_dict() == measure(FOUND[0], grey(0)).dtypes.to_dict()
    assert set(table["image"]) == {"a"}
    assert table.attrs["images_without_objects"] == ["none"]
    only = measure_many(sources[:1])
    assert len(only) == 0
    assert list(only.columns) == list(table.columns)


def test_columns_that_an_image_has_not_are_empty_there():
    table = measure_many([source("a", FOUND[0], grey(0)), source("b", FOUND[1], grey(1, 3))])
    of = table.groupby("image")["intensity_mean"].count()
    assert of["a"] > 0
    assert of["b"] == 0
    assert table.groupby("image")["intensity_mean-1"].count()["b"] > 0
    assert set(table.attrs["units"]) == set(table.columns)


def test_images_with_fewer_channels_than_others_are_named_once():
    mixed = [
        source(name, FOUND[0], grey(0, count))
        for name, count in zip("abcd", (1, 3, 1, 2), strict=True)
    ]
    (note,) = measure_many(mixed).attrs["warnings"]
    assert "3 channels in 1 image (b); 2 channels in 1 image (d), without intensity_mean-2" in note
    assert "1 channel in 2 images (a, c), in the column intensity_mean and" in note
    assert "--channel 0" in note
    empty = source("none", Instances.empty(LABELS[0].shape), grey(0, 3))
    for alike in ([mixed[0], mixed[2]], [mixed[0], source("bare", FOUND[1])], [mixed[0], empty]):
        assert "warnings" not in measure_many(alike).attrs


def test_metadata_are_numbers_where_all_cells_are():
    sources = [
        source("a", FOUND[0], dose="1", plate="007", state="live", gap="", empty=""),
        source("b", FOUND[1], dose="2.5e-3", plate="008", state="dead", gap="4", empty=""),
        source("c", FOUND[2]),
    ]
    table = measure_many(sources)
    last = table.groupby("image").first()
    assert last["dose"].tolist()[:2] == [1, 0.0025]
    assert table["dose"].dtype == float
    assert last["plate"].tolist()[:2] == ["007", "008"]
    assert last["state"].tolist()[:2] == ["live", "dead"]
    assert np.isnan(last["gap"]["a"])
    assert last["gap"]["b"] == 4
    assert table["empty"].isna().all()
    assert table[table["image"] == "c"][["dose", "plate", "state"]].isna().all(axis=None)
    assert list(table.columns[-5:]) == ["dose", "plate", "state", "gap", "empty"]


def test_metadata_of_two_images_never_share_a_column_by_chance():
    sources = [source("a", FOUND[0], area="1"), source("b", FOUND[1], metadata_area="2")]
    with pytest.raises(
        InputError, match=r"^the columns 'area' and 'metadata_area' of the metadata"
    ):
        measure_many(sources)


def test_all_images_are_in_one_unit():
    sources = [source("a", FOUND[0], pixel_size=0.5), source("b", FOUND[1], pixel_size=0.25)]
    table = measure_many(sources)
    assert table.attrs["units"]["area"] == "µm²"
    assert table.attrs["pixel_size"] is None  # they differ
    assert table.attrs["pixel_sizes"] == {"a": 0.5, "b": 0.25}
    ratio = table["area"] / measure_many(sources, pixel_size="pixels")["area"]
    assert set(np.round(ratio, 9)) == {0.25, 0.0625}
    mixed = [*sources, source("c", FOUND[2])]
    with pytest.raises(InputError, match=r"1 image \(c\) of 3 state no pixel size.*--pixel-size"):
        measure_many(mixed)
    assert measure_many(mixed, pixel_size=2.0).attrs["pixel_size"] == 2.0


def test_an_image_that_does_not_fit_is_named():
    with pytest.raises(InputError, match=r"^b: the objects were drawn on"):
        measure_many([source("a", FOUND[0]), source("b", FOUND[1], grey(0)[:5])])


def test_a_missing_package_is_the_fault_of_no_image(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"^measuring into tables needs the package pandas"):
        measure_many([source("a", FOUND[0])])


def test_no_image_is_one_sentence():
    with pytest.raises(InputError, match="no image to measure"):
        measure_many([])
