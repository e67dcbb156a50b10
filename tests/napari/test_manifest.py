from fnmatch import fnmatch
from pathlib import Path
from pkgutil import resolve_name

import pytest
import yaml

from kontur import formats
from kontur.data.file_names import is_label_name

MANIFEST = Path(formats.__file__).parents[1] / "napari" / "napari.yaml"
PICTURES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".nii", ".nii.gz")  # others read them


@pytest.fixture(scope="module")
def parts():
    return yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["contributions"]


def test_every_ending_that_is_read_is_in_the_manifest_but_for_plain_pictures(parts):
    (reader,) = parts["readers"]
    for one in formats.FORMATS.values():
        for ending in (*one.endings, *one.shared_endings):
            plain = ending in PICTURES or ending == ".ome.tif"
            known = any(fnmatch(f"name{ending}", x) for x in reader["filename_patterns"])
            assert known or plain, f'add "*{ending}" to the readers of {MANIFEST.name}'
    assert not fnmatch("cells.tif", "|".join(reader["filename_patterns"]))


def test_pictures_whose_names_say_that_they_are_labels_are_read(parts):
    (reader,) = parts["readers"]
    for pattern in reader["filename_patterns"]:
        if pattern.endswith(PICTURES):
            stem = pattern.replace("*", "cells").partition(".")[0]
            assert ".labels." in pattern or is_label_name(stem), pattern


def test_every_ending_that_is_written_is_in_the_manifest(parts):
    endings = {Path(f"a{end}").suffix for one in formats.WRITABLE.values() for end in one.endings}
    for writer in parts["writers"]:
        assert set(writer["filename_extensions"]) == endings, f"renew {MANIFEST.name}"


def test_every_command_exists(parts):
    for command in parts["commands"]:
        place = command["python_name"]
        if ":OutlineWidget" not in place:  # which imports napari
            assert callable(resolve_name(place))
    used = [one["command"] for kind in parts if kind != "commands" for one in parts[kind]]
    assert sorted(used) == sorted(command["id"] for command in parts["commands"])
