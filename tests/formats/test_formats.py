import inspect
import re
import subprocess
import sys

import numpy as np
import pytest
from shapely import box

from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances
from tests.formats import scenes


@pytest.mark.parametrize("name", formats.WRITABLE)
def test_what_a_format_writes_is_read_back_by_its_name(tmp_path, name):
    image = np.zeros((7, 8), dtype=np.uint8)
    image[1:3, 1:4], image[5, 5] = 2, 5
    found = Instances.from_label_image(image)
    path = tmp_path / f"well{formats.FORMATS[name].ending}"
    formats.write(path, found, image_name="well.png")
    again = formats.read(path, size=found.size)
    kept = found if formats.FORMATS[name].ids else found.replace(ids=[1, 2])
    scenes.assert_same(kept, again)
    assert again.size == found.size
    with pytest.raises(InputError, match="exists already"):
        formats.write(path, found, overwrite=False)
    before = scenes.content(path)
    formats.write(path, again, image_name="well.png")
    assert scenes.content(path) == before


@pytest.mark.parametrize("name", formats.WRITABLE)
def test_an_image_without_objects_is_a_file_too(tmp_path, name):
    path = tmp_path / f"well{formats.FORMATS[name].ending}"
    formats.write(path, Instances.empty((7, 8)))
    assert len(formats.read(path, size=(7, 8))) == 0


def test_importing_the_formats_imports_no_image_library():
    program = (
        "import sys, kontur.formats, kontur.images.image_file, kontur.instances.overlay\n"
        "print([name for name in ('PIL', 'tifffile', 'torch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_path_and_objects_in_the_other_order_are_refused_with_the_right_one(tmp_path):
    write = inspect.unwrap(formats.write)  # else the types are checked before
    objects = Instances.empty((4, 4))
    with pytest.raises(
        TypeError, match=r"a path and then the objects.*got Instances and PosixPath"
    ):
        write(objects, tmp_path / "a.geojson")
    assert list(tmp_path.iterdir()) == []


def test_writing_warns_of_whole_objects_that_the_file_lacks(tmp_path):
    seen, ignored = box(0, 0, 9, 9), box(0, 9, 9, 15)
    found = Instances.of(
        [seen, box(1, 1, 5, 5), box(20, 3.1, 25, 3.2), box(50, 0, 60, 9), ignored],
        scores=[0.9, 0.5, 0.5, 0.5, 0.5],
        ignore=[False, False, False, False, True],
        size=(30, 40),
    )
    reasons = {
        "a.tif": "3 of 5 objects (1 hidden by others, 1 without the centre of a pixel, "
        "1 outside the image)",
        "a.txt": "2 of 5 objects (1 outside the image, 1 to ignore)",
    }
    write = inspect.unwrap(formats.write)  # the tests' own check of shapes is between else
    for name, reason in reasons.items():
        sentence = re.escape(f"{name} lacks {reason}; a .geojson file holds all of them")
        with pytest.warns(UserWarning, match=sentence) as caught:
            write(tmp_path / name, found)
        assert caught[0].filename == __file__
    assert len(formats.read(tmp_path / "a.tif")) == 2
    formats.write(tmp_path / "a.geojson", found)
    formats.write(tmp_path / "b.tif", found[[0]])
