"""An image that another program replaces while its outlines are kept."""

import os
import shutil

import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image

from kontur import formats
from kontur.edit import moves
from kontur.errors import InputError
from kontur.web.workspace import open_workspace

SIZE = (20, 30)
LEFT, RIGHT = shapely.box(2, 2, 8, 8), shapely.box(12, 2, 28, 8)


@pytest.fixture
def here(tmp_path):
    """A folder with an image of `SIZE`, on which LEFT and RIGHT are drawn."""
    write(tmp_path, SIZE)
    made = open_workspace(tmp_path)
    for square in (LEFT, RIGHT):
        draw(made, square)
    yield made
    made.close()


def write(folder, size, value=0, at=1):
    """The image, as of another second than before."""
    file = folder / "x.png"
    Image.fromarray(np.full(size, value, np.uint8)).save(file)
    os.utime(file, (at, at))


def draw(here, square):
    (image,) = here.folder.images.values()
    here.annotations.edit(
        image, 0, "add", lambda found: moves.add(found, square), known_revision=10**6
    )


def seen(here):
    """What a window is told, and the areas of the objects that it gets."""
    (image,) = here.folder.images.values()
    notice = here.annotations.changes(image, 0).notice
    found = here.annotations.open(image, 0).instances
    return notice, found.areas.tolist(), found.size


def undo(here):
    (image,) = here.folder.images.values()
    here.annotations.step(image, 0, "undo", known_revision=10**6)


def test_a_larger_image_is_said_once_drawn_on_and_written_with_its_size(here, tmp_path):
    assert seen(here)[0] == ""
    write(tmp_path, (40, 60), at=2)
    notice, areas, size = seen(here)
    assert notice == (
        "x.png has 40×60 pixels, and had 20×30 when it was outlined; see whether the outlines fit"
    )
    assert (areas, size) == ([36, 96], (40, 60))
    assert seen(here)[0] == ""
    draw(here, shapely.box(40, 30, 50, 38))
    here.annotations.close()
    found = formats.read(tmp_path / "x.geojson")
    assert found.size == (40, 60)
    assert found.areas.tolist() == [36, 96, 80]


@pytest.mark.parametrize(
    ("width", "left", "count"),
    [(20, [36, 48], "1 outline"), (10, [36], "1 outline"), (5, [18], "2 outlines")],
)
def test_what_lay_beyond_a_smaller_image_is_cut_off_and_comes_back_with_a_larger_one(
    here, tmp_path, width, left, count
):
    write(tmp_path, (20, width), at=2)
    notice, areas, _ = seen(here)
    assert f"what lay beyond its border was cut off, of {count};" in notice
    assert areas == left
    here.annotations.write_all()
    assert formats.read(tmp_path / "x.geojson").size == (20, width)
    with pytest.raises(InputError, match="has no pixels any more"):
        undo(here)
    assert seen(here) == ("", left, (20, width))
    write(tmp_path, SIZE, at=3)
    assert "had 20×" in seen(here)[0]
    undo(here)
    assert seen(here) == ("", [36, 96], SIZE)


def test_other_pixels_are_said_and_a_file_that_was_only_copied_is_not(here, tmp_path):
    write(tmp_path, SIZE, at=2)
    assert seen(here)[0] == ""
    write(tmp_path, SIZE, value=9, at=3)
    notice, areas, _ = seen(here)
    assert notice == "x.png was changed since it was outlined; see whether the outlines fit"
    assert areas == [36, 96]


def test_after_a_restart_the_history_or_the_file_tells_what_the_image_was(here, tmp_path):
    here.close()
    write(tmp_path, (40, 60), at=2)
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path, copy, ignore=shutil.ignore_patterns(".kontur", "copy"))
    again = open_workspace(copy)
    notices = [seen(again)[0]]
    again.close()
    assert formats.read(copy / "x.geojson").size == (40, 60)
    shutil.rmtree(copy)
    again = open_workspace(tmp_path)
    notices.append(seen(again)[0])
    again.close()
    assert [notice[:20] for notice in notices] == ["x.png has 40×60 pixe"] * 2


def test_an_image_without_outlines_is_replaced_without_a_word(tmp_path):
    write(tmp_path, SIZE)
    made = open_workspace(tmp_path)
    seen(made)
    write(tmp_path, (40, 60), at=2)
    assert seen(made) == ("", [], (40, 60))
    made.close()


def test_outlines_of_an_image_that_is_gone_can_still_be_changed(here, tmp_path):
    seen(here)
    (tmp_path / "x.png").unlink()
    draw(here, shapely.box(20, 10, 24, 14))
    assert formats.read(tmp_path / "x.geojson").areas.tolist() == [36, 96, 16]


def film(folder, planes, at):
    file = folder / "film.tif"
    pixels = np.random.default_rng(planes).integers(0, 99, (planes, *SIZE)).astype(np.uint8)
    tifffile.imwrite(file, pixels, photometric="minisblack", imagej=True, metadata={"axes": "TYX"})
    os.utime(file, (at, at))


def test_planes_beyond_the_end_of_a_shorter_film_count_for_nothing_and_come_back(tmp_path):
    film(tmp_path, 4, at=1)
    here = open_workspace(tmp_path)
    (image,) = here.folder.images.values()
    for page, square in ((1, LEFT), (3, RIGHT)):
        here.annotations.edit(
            image,
            page,
            "add",
            lambda found, new=square: moves.add(found, new),
            known_revision=10**6,
        )
    told = []
    for planes, at in ((3, 2), (1, 3), (4, 4)):
        film(tmp_path, planes, at)
        known = here.annotations.statuses.right_planes(
            image, here.annotations.statuses.of(image)[0]
        )
        listed = here.annotations.statuses.by_key()[image.key]
        told.append((known, here.annotations.statuses.planes(image), listed))
        notice = here.annotations.changes(image, 0).notice
        assert ("beyond its end" in notice) == (planes < 4)
        assert here.annotations.changes(image, 0).notice == ""
        here.annotations.write_all()
        found = formats.read_images(tmp_path / "film.geojson")
        outlined = [each.instances.plane.t for each in found if len(each.instances)]
        assert outlined == {3: [1], 1: [], 4: [1, 3]}[planes]
    here.close()
    assert told == [
        ([1], [1], ("corrected", 1)),
        ([], [0], ("untouched", 0)),
        ([1, 3], [0, 1, 3], ("corrected", 2)),
    ]


def test_edits_of_an_image_that_is_gone_are_undone_and_made_again(here, tmp_path):
    seen(here)
    (tmp_path / "x.png").unlink()
    undo(here)
    assert formats.read(tmp_path / "x.geojson").areas.tolist() == [36]
    (image,) = here.folder.images.values()
    here.annotations.step(image, 0, "redo", known_revision=10**6)
    assert seen(here) == ("", [36, 96], SIZE)
