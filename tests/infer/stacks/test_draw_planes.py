"""Overlays of every plane of a stack."""

import numpy as np
import shapely
import tifffile

from kontur.display.colours import PALETTE
from kontur.formats import ImageAnnotation
from kontur.formats.tracks import with_tracks
from kontur.images.lazy_pixels import LazyPixels, OpenImage
from kontur.infer.inputs import find_inputs
from kontur.infer.stacks.draw_planes import draw_planes
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.infer.stacks.films import long_film, run


def test_overlays_are_pages_of_a_tiff_in_one_range_each_track_in_one_colour(film, tmp_path):
    frames = tifffile.imread(film)
    frames[2:] //= 2  # the film fades
    times = {"axes": "TYX", "unit": "um"}
    tifffile.imwrite(film, frames, imagej=True, resolution=(2, 2), metadata=times)
    (outcome,) = run(film, tmp_path / "out", "overlay", page="all", link=True)
    assert (outcome.failure, outcome.objects) == (None, 9)
    assert run(film, tmp_path / "out", "overlay", page="all", link=True)[0].skipped
    with tifffile.TiffFile(tmp_path / "out" / "film.overlay.tif") as file:
        pages = file.asarray()
        density = file.pages[1].tags["XResolution"].value
    assert pages.shape == (4, 6 * 96, 6 * 128, 3)  # small ones are enlarged
    assert density == (20_000 * 6, 1)  # two pixels a µm
    first = [pages[t, 6 * (20 + 3 * t), 6 * 30] for t in range(4)]  # in the middle of a disc
    assert np.abs(np.array(first)[:, 0] - [255, 255, 127, 127]).max() <= 1
    lines = [pages[t, 6 * (20 + 3 * t), 6 * 30 :] for t in range(4)]
    seen = [{tuple(c) for c in line.tolist()} & {*PALETTE} for line in lines]
    assert seen == [{PALETTE[1]}, {PALETTE[1]}, {PALETTE[1]}, {PALETTE[1], PALETTE[3]}]


def test_tracks_that_touch_on_any_plane_have_other_colours(tmp_path):
    pages = [{1: 20, 15: 30, 8: 90}, {1: 20, 15: 60, 8: 70}, {1: 20, 8: 50}]  # where discs are

    def annotation(page):
        discs = [shapely.Point(x, 16).buffer(5.2) for x in pages[page].values()]
        objects = Instances.of(discs, size=(32, 112)).replace(plane=Plane(t=page))
        return ImageAnnotation("film", objects.size, with_tracks(objects, np.array([*pages[page]])))

    picture = OpenImage(np.zeros((32, 112, 1), np.uint8), None)
    draw_planes(
        tmp_path / "a.tif", [annotation(page) for page in range(3)], lambda _: picture, None
    )
    seen = {}
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        for page, image in zip(pages, file.asarray(), strict=True):
            zoom = len(image) // 32
            for track, x in page.items():
                row = image[16 * zoom, zoom * (x - 4) : zoom * (x + 4)]
                top = image[zoom * 10 : zoom * 13, zoom * x]  # through the line
                assert not row.any()
                seen.setdefault(track, set()).update({*map(tuple, top.tolist())} & {*PALETTE})
    assert {track: len(colours) for track, colours in seen.items()} == {1: 1, 8: 1, 15: 1}
    assert seen[15] not in (seen[1], seen[8])  # it touches both, each on another plane


def test_of_pages_that_are_drawn_two_are_held(tmp_path, opened):
    pages, alive = opened
    run(long_film(tmp_path / "film.tif", 15), tmp_path / "out", "overlay", page="all")
    assert min(pages.count(page) for page in range(15)) > 1
    assert max(alive) <= 2


def test_overlays_of_all_pages_and_of_one_replace_each_other(film, tmp_path):
    run(film, tmp_path, "geojson", "overlay", page="all")
    (outcome,) = run(film, tmp_path, "overlay", page=1, overwrite=True)
    assert [file.name for file in outcome.removed] == ["film.overlay.tif"]
    assert sorted(file.name for file in tmp_path.glob("film.*")) == [
        *("film.geojson", "film.overlay.png", "film.tif")
    ]
    assert [image.path.name for image in find_inputs([tmp_path])] == ["film.tif"]


class Strip(LazyPixels):
    """A line of a camera over time: long, and a few pixels high."""

    shape, dtype = (4, 9000, 1), np.dtype(np.uint8)

    def read(self, top, left, height, width):
        return np.full((height, width, 1), 7, np.uint8)


def test_a_plane_that_is_drawn_smaller_has_larger_pixels_whatever_its_shape(tmp_path):
    strip = ImageAnnotation("strip", (4, 9000), Instances.empty((4, 9000)), pixel_size=0.5)
    draw_planes(tmp_path / "a.tif", [strip], lambda page: OpenImage(Strip(), 0.5), None)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.pages[0].shape == (2, 3000, 3)  # every third pixel
        above, below = file.pages[0].tags["XResolution"].value
    assert above / below * 1.5 == 10_000  # µm a centimetre
