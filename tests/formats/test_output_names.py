"""What a name promises: every format with the ending of another, and folders in place of stores."""

from pathlib import Path

import pytest
import shapely

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.data.conversion.convert_folders import convert_folders, is_file_target
from kontur.errors import InputError
from kontur.formats.output_names import check_can_be_folder
from kontur.images import zarr_store
from kontur.instances import Instances

FOUND = Instances.of([shapely.box(2, 3, 9, 8)], size=(12, 20))
ENDINGS = formats.all_endings()
SHARED = {"geojson": [".json"], "geojsonl": [".jsonl", ".ndjson"], "via": [".csv"]}


@pytest.mark.parametrize("name", [*formats.WRITABLE])
def test_a_target_with_the_ending_of_another_format_is_refused_and_nothing_made(tmp_path, name):
    kind = formats.WRITABLE[name]
    source = tmp_path / "a.csv"
    formats.write(source, FOUND, image_name="a.tif")
    own = (*kind.file_endings, *SHARED.get(name, ()))
    misleading = [end for end in ENDINGS if end not in own and not end.endswith(kind.file_endings)]
    assert ".zarr" in misleading or name == "ome-zarr"
    for ending in misleading:
        for way in (convert, convert_folders):
            with pytest.raises(InputError, match=f"would be a file of .* --format {name}, and its"):
                way(source if way is convert else [source], tmp_path / f"b{ending}", format=name)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", [*formats.WRITABLE])
def test_endings_of_the_format_and_names_without_one_are_taken(tmp_path, name):
    source = tmp_path / "a.csv"
    formats.write(source, FOUND, image_name="a.tif")
    kind = formats.WRITABLE[name]
    target = tmp_path / f"b{kind.file_endings[-1]}"
    convert(source, target, format=name)
    assert zarr_store.is_file(target)
    convert_folders([source], tmp_path / "cells.v2", format=name)
    assert (tmp_path / "cells.v2").is_dir()
    (tmp_path / "there.geojson").mkdir()
    convert_folders([source], tmp_path / "there.geojson", format=name)


@pytest.mark.parametrize(
    ("name", "ending"), [(name, ending) for name in SHARED for ending in SHARED[name]]
)
def test_an_ending_that_formats_share_is_of_the_one_that_is_named(tmp_path, name, ending):
    source, target = tmp_path / "a.csv", tmp_path / f"b{ending}"
    formats.write(source, FOUND, image_name="a.tif")
    assert is_file_target(target, name)
    convert(source, target, format=name)
    assert formats.format_of(target).name == name
    assert formats.read(target).polygons[0].equals(FOUND.polygons[0])
    convert_folders([source], target, format=name, overwrite=True)
    assert formats.format_of(target).name == name


def test_a_place_in_a_store_is_a_file_of_ome_zarr_alone(tmp_path):
    formats.write(tmp_path / "a.csv", FOUND, image_name="a.tif")
    place = tmp_path / "a.ome.zarr/labels/cells"
    assert is_file_target(place, "ome-zarr")
    with pytest.raises(InputError, match="would be a file of CSV table"):
        convert_folders([tmp_path / "a.csv"], place, format="csv")
    assert not (tmp_path / "a.ome.zarr").exists()


@pytest.mark.parametrize("name", ["a.zarr", "a.ome.zarr/out", "a.ozx", "A.ZARR.ZIP"])
def test_a_store_by_its_name_is_no_folder_of_outputs(tmp_path, name):
    with pytest.raises(InputError, match=r"--geojson wants a folder, .* is a store of Zarr by its"):
        check_can_be_folder(tmp_path / name, "--geojson")


def test_a_folder_may_be_called_as_an_image(tmp_path):
    for name in ("a.tif", "a.geojson", "cells.v2", "zarr"):
        check_can_be_folder(Path(tmp_path / name))
