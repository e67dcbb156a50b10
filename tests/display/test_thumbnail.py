import numpy as np
import pytest
import shapely

from kontur.display.thumbnail import GROUND, SIDE, thumbnail

RED = (255, 0, 0)


def drawn(*polygons, size, colour=RED, **options):
    shapes = np.array([*polygons, None], dtype=object)[:-1]
    colours = np.tile(np.array(colour, np.uint8), (len(shapes), 1))
    return thumbnail(shapes, colours, size, **options)


def is_ground(pixel):
    return tuple(pixel) == GROUND


def test_an_object_is_where_it_is_in_the_image():
    small = drawn(shapely.box(100, 200, 300, 600), size=(800, 1600))
    assert small.shape == (160, 320, 3)
    reddish = small[..., 0] > GROUND[0]
    rows, columns = np.nonzero(reddish)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (40, 119, 20, 59)
    assert reddish[40:120, 20:60].all()
    assert small[40:120, 20, 0].min() > small[80, 40, 0]  # the line is brighter than the inside


def test_a_hole_and_what_lies_between_parts_are_empty():
    donut = shapely.box(0, 0, 30, 30) - shapely.box(10, 10, 20, 20)
    parts = shapely.MultiPolygon([shapely.box(40, 0, 45, 10), shapely.box(55, 0, 60, 10)])
    small = drawn(donut, parts, size=(30, 60), side=60)
    assert is_ground(small[15, 15])
    assert is_ground(small[5, 50])
    assert not is_ground(small[5, 42])
    assert not is_ground(small[5, 57])


@pytest.mark.parametrize("side", [1, 0.2, 30])
def test_an_object_smaller_than_a_pixel_of_the_thumbnail_is_seen(side):
    small = drawn(shapely.box(5000, 7000, 5000 + side, 7000 + side), size=(10_000, 10_000))
    assert not is_ground(small[224, 160])
    assert (small != np.array(GROUND)).any(axis=2).sum() <= 4


def test_objects_at_the_border_and_outside_of_it():
    small = drawn(shapely.box(-9, -9, 5, 5), shapely.box(90, 90, 99, 99), size=(40, 50), side=50)
    assert not is_ground(small[0, 0])
    assert is_ground(small[39, 49])


def test_on_a_picture_outlines_are_lines_and_the_inside_shows():
    picture = np.full((40, 40, 3), 90, np.uint8)
    small = drawn(shapely.box(8, 8, 32, 32), size=(40, 40), picture=picture, side=40)
    assert small[20, 20].tolist() == [90, 90, 90]
    assert small[20, 8].tolist() == list(RED)
    assert drawn(size=(40, 40), picture=picture, side=40).tolist() == picture.tolist()


def test_a_picture_of_another_resolution_fits_the_thumbnail():
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[:, 100:] = 200
    small = drawn(size=(1000, 2000), picture=picture)
    assert small.shape == (160, 320, 3)
    assert (small[:, :159] == 0).all()
    assert (small[:, 161:] == 200).all()


@pytest.mark.parametrize(
    ("size", "shown"), [((1, 1), (16, 16)), ((1, 9000), (1, SIDE)), ((3000, 7), (SIDE, 1))]
)
def test_images_of_odd_sizes(size, shown):
    assert drawn(shapely.box(0, 0, 1, 1), size=size).shape == (*shown, 3)
