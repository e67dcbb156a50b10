"""Outlines with their measurements, as QuPath reads them."""

import json

import numpy as np
import pytest

import kontur
from kontur.errors import InputError
from kontur.formats.geojson import format as geojson
from kontur.instances import Instances
from kontur.measure.measure_many import measure_many
from kontur.measure.qupath import check_folder, with_measurements, write_measured
from kontur.measure.sources.source import Picture, Source
from kontur.measure.table import measure
from tests.measure.drawn import noise_labels

FOUND = Instances.from_label_image(noise_labels(0))


def test_every_object_carries_its_row(tmp_path):
    table = measure(FOUND, pixel_size=0.5)
    kontur.write(tmp_path / "a.geojson", with_measurements(FOUND, table))
    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert len(features) == len(FOUND)
    for feature, area, share in zip(features, table["area"], table["solidity"], strict=True):
        measured = feature["properties"]["measurements"]
        assert measured["area µm²"] == area
        assert measured["solidity"] == share
        assert not {"id", "class", "image"} & set(measured)
        assert all(np.isfinite(value) for value in measured.values())


def test_what_others_measured_stays():
    document = geojson.to_document(FOUND[:2])
    document["features"][0]["properties"]["measurements"] = {"Nucleus: Area": 7.0}
    read = geojson.from_document(document)
    both = geojson.to_document(with_measurements(read, measure(read)))
    measured = both["features"][0]["properties"]["measurements"]
    assert measured["Nucleus: Area"] == 7.0
    assert measured["area px²"] == measure(read)["area"][0]


def test_many_images_are_many_files(tmp_path):
    other = Instances.from_label_image(noise_labels(1))
    sources = [
        Source.whole("plate/a", lambda: Picture(FOUND)),
        Source.whole("none", lambda: Picture(Instances.empty((5, 5)))),
        Source.whole("b", lambda: Picture(other)),
    ]
    write_measured(tmp_path, sources, measure_many(sources))
    assert len(kontur.read(tmp_path / "plate/a.geojson")) == len(FOUND)
    assert len(kontur.read(tmp_path / "none.geojson")) == 0
    assert kontur.read(tmp_path / "b.geojson").ids.tolist() == other.ids.tolist()
    with pytest.raises(InputError, match="exists already"):
        check_folder(tmp_path, sources, overwrite=False)
    with pytest.raises(InputError, match="is a file"):
        check_folder(tmp_path / "b.geojson", sources, overwrite=True)


def test_a_table_of_other_objects_is_refused():
    with pytest.raises(InputError, match="of other ids"):
        with_measurements(FOUND, measure(FOUND[:3]))
