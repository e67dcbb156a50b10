import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image as Picture

from kontur.display import colours
from kontur.display.stretch import stretch
from kontur.errors import InputError
from kontur.instances import Instances, overlay


def square(**options):
    return Instances.of([shapely.box(10, 10, 30, 30)], size=(40, 50), **options)


def test_the_line_lies_on_the_outline_and_nowhere_else():
    image = np.full((40, 50, 1), 7, dtype=np.uint8)
    drawn = overlay.draw(image, square(), width=2.0)
    assert drawn.shape == (40, 50, 3)
    for row, col in [(10, 20), (9, 20), (29, 15), (20, 10), (20, 30)]:
        assert drawn[row, col].tolist() == list(colours.PALETTE[0])
    inside, outside = drawn[13:27, 13:27], drawn[:7]
    assert (inside == inside[0, 0]).all()
    assert (outside == inside[0, 0]).all()


def test_a_line_between_pixels_is_shared_by_them():
    image = np.zeros((40, 50, 1), dtype=np.uint8)
    found = Instances.of([shapely.box(10.5, 10, 30, 30)], size=(40, 50))
    red = overlay.draw(image, found, width=2.0)[20, 8:14, 0].astype(float)
    assert red[2] == 255  # all of it
    assert 0 < red[1] < 255
    assert 0 < red[3] < 255
    assert red[0] == red[5] == 0


def test_lines_show_on_black_and_on_white():
    for shade in (0, 255):
        picture = np.full((40, 50, 3), shade, dtype=np.uint8)
        picture[0, :2] = [[0], [255]]  # keeps the stretch as it is
        for label in range(len(colours.PALETTE)):
            classes = [str(i) for i in range(len(colours.PALETTE))]
            drawn = overlay.draw(picture, square(labels=[label], classes=classes), width=2.0)
            line, rim = drawn[20, 29:31].astype(float), drawn[20, 31].astype(float)
            contrast = max(np.abs(line - shade).max(), np.abs(rim - shade).max())
            assert contrast > 60


def test_objects_have_their_own_colour_or_that_of_their_class_and_ignored_ones_are_grey():
    boxes = [shapely.box(5, 5, 15, 15), shapely.box(25, 5, 35, 15), shapely.box(5, 25, 15, 35)]
    image = np.zeros((40, 50, 1), dtype=np.uint8)

    def seen(**options):
        found = Instances.of(boxes, size=(40, 50), **options)
        drawn = overlay.draw(image, found, width=2.0)
        return [tuple(drawn[row, col].tolist()) for row, col in ((10, 5), (10, 25), (30, 5))]

    assert len(set(seen())) == 3
    first, second, third = seen(labels=[1, 1, 0], classes=("a", "b"))
    assert first == second != third
    assert seen(ignore=[False, True, False])[1] == colours.GREY


def test_holes_and_parts_are_drawn():
    ring = shapely.box(5, 5, 35, 35).difference(shapely.box(15, 15, 25, 25))
    drawn = overlay.draw(
        np.zeros((40, 50, 1), np.uint8), Instances.of([ring], size=(40, 50)), width=2.0
    )
    assert drawn[20, 15].tolist() == list(colours.PALETTE[0])
    assert drawn[20, 20].tolist() == [0, 0, 0]


def test_no_objects_give_the_image_and_other_sizes_are_refused():
    image = np.arange(2000, dtype=np.uint16).reshape(40, 50, 1)
    drawn = overlay.draw(image, Instances.empty((40, 50)))
    np.testing.assert_array_equal(drawn, stretch(image))
    with pytest.raises(InputError, match="of an image of 40×50 pixels, this one has 50×40"):
        overlay.draw(image.transpose(1, 0, 2), square())


def test_objects_across_the_border_and_outside_are_drawn_as_far_as_they_are_noticed():
    boxes = [
        shapely.box(-10, -10, 5, 5),
        shapely.box(100, 100, 120, 120),
        shapely.box(0, 0, 50, 40),
    ]
    drawn = overlay.draw(np.zeros((40, 50, 1), np.uint8), Instances.of(boxes, size=(40, 50)))
    assert drawn[:6, :6].any()
    assert drawn[39, 25].any()


@pytest.mark.parametrize(
    ("size", "written"), [((40, 50), (320, 400)), ((1, 1), (8, 8)), ((9000, 3), (3000, 1))]
)
def test_small_images_are_written_larger_and_huge_ones_smaller(tmp_path, size, written):
    overlay.write_overlay(
        tmp_path / "a.png", np.zeros((*size, 1), np.uint8), Instances.empty(size), ids=True
    )
    with Picture.open(tmp_path / "a.png") as picture:
        assert picture.size == written[::-1]


@pytest.mark.parametrize(("fits", "large"), [(2 * 3 * 320 * 400, False), (1, True)])
def test_pages_that_might_not_fit_make_a_large_tiff(tmp_path, monkeypatch, fits, large):
    monkeypatch.setattr(overlay, "CLASSIC", fits)
    image = np.zeros((40, 50, 1), np.uint8)
    planes = [overlay.DrawnPlane(image, Instances.empty((40, 50)))] * 2
    overlay.write_stack_overlay(tmp_path / "a.tif", planes, contrast=(0.0, 1.0))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert (file.is_bigtiff, len(file.pages)) == (large, 2)


def test_zooming_moves_the_lines_with_the_image_and_ids_are_written():
    image = np.zeros((40, 50, 1), dtype=np.uint8)
    drawn = overlay.draw(image, square(), zoom=4, width=4.0)
    assert drawn[40, 80].tolist() == list(colours.PALETTE[0])
    assert not drawn[70:90, 70:90].any()
    assert overlay.draw(image, square(), zoom=4, ids=True)[70:90, 70:90].max() > 200


def test_a_picture_drawn_in_bands_is_the_same(monkeypatch):
    image = np.random.default_rng(0).integers(0, 99, (70, 50, 3), dtype=np.uint8)
    found = Instances.of([shapely.Point(25, 35).buffer(20), shapely.box(3, 3, 40, 60)])
    whole = overlay.draw(image, found)
    monkeypatch.setattr("kontur.display.overlay.BAND", 11)
    np.testing.assert_array_equal(overlay.draw(image, found), whole)


def wild(points: int) -> shapely.Geometry:
    """An outline that goes to and fro over the picture, with holes and parts."""
    corners = np.random.default_rng(0).uniform(2, 62, (points, 2))
    return shapely.make_valid(shapely.Polygon(corners))


@pytest.mark.parametrize("piece", [1, 2, 7])
def test_lines_are_nearly_the_same_in_whatever_pieces_they_are_widened(monkeypatch, piece):
    image = np.zeros((64, 64, 1), dtype=np.uint8)
    ring = shapely.box(5, 5, 40, 40).difference(shapely.box(10, 10, 20, 20))
    found = Instances.of([wild(20), ring, shapely.Point(50, 50).buffer(8)], size=(64, 64))
    whole = overlay.draw(image, found)
    monkeypatch.setattr("kontur.display.overlay.PIECE", piece)
    apart = np.abs(overlay.draw(image, found).astype(int) - whole)
    assert apart.max() < 40  # an end of a piece is round by eight corners, turned otherwise
    assert (apart > 0).mean() < 0.01
