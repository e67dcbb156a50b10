import numpy as np
import pytest
from PIL import Image

import kontur
from kontur.errors import InputError
from kontur.measure.plots.pictures import find_pictures
from tests.measure.plots.tables import measured


@pytest.fixture
def folder(tmp_path):
    """Images a and b, and their outlines beside them in another folder."""
    table, image, objects = measured()
    for name in "ab":
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.fromarray(image[..., 0]).save(tmp_path / "images" / f"{name}.png")
        (tmp_path / "found").mkdir(exist_ok=True)
        kontur.write(tmp_path / "found" / f"{name}.geojson", objects)
    return tmp_path, table, objects


def without(table, *names):
    bare = table.drop(columns=list(names))
    bare.attrs = table.attrs
    return bare


OUTLINE = ("outline", "image_height", "image_width")


def test_outlines_come_from_the_table_or_from_their_files(folder):
    place, table, objects = folder
    for pictures in (
        find_pictures(table, [str(place / "images")]),
        find_pictures(without(table, *OUTLINE), [str(place / "images")], place / "found"),
    ):
        scene = pictures.scene("b", np.array([7, 4]))
        assert scene.picture.shape == (60, 80, 3)
        assert [each.area for each in scene.polygons] == pytest.approx(
            [objects.polygons[3].area, objects.polygons[0].area], rel=1e-4
        )


def test_a_training_folder_has_images_and_outlines(folder):
    place, table, _ = folder
    (place / "found").rename(place / "outlines")
    pictures = find_pictures(without(table, *OUTLINE), [str(place)])
    assert len(pictures.scene("a", np.arange(4)).polygons) == 4


def test_names_with_folders_find_their_images(folder):
    place, table, _ = folder
    table["image"] = "train/" + table["image"]
    pictures = find_pictures(table, [str(place / "images")])
    assert len(pictures.scene("train/a", np.arange(4)).polygons) == 4


def test_what_does_not_belong_together_is_reported_by_name(folder):
    place, table, objects = folder
    images, found = [str(place / "images")], place / "found"
    bare = without(table, *OUTLINE)
    with pytest.raises(InputError, match=r"columns image and id, and this one has no id"):
        find_pictures(table.drop(columns="id"), images)
    nameless = table.assign(image=table["image"].where(table["id"] != 4))
    with pytest.raises(InputError, match="2 rows of the table name no image"):
        find_pictures(nameless, images)
    with pytest.raises(InputError, match=r"--with-outlines writes; .*--outlines"):
        find_pictures(bare, images)
    (place / "images/b.png").rename(place / "images/c.png")
    with pytest.raises(InputError, match=r"1 image \(b\) of the table's 2 are not in"):
        find_pictures(table, images)
    (place / "images/c.png").rename(place / "images/b.png")
    kontur.write(found / "b.geojson", objects[[0, 1]])
    with pytest.raises(InputError, match=r"'b' have no 2 objects \(9, 12\) of the table"):
        find_pictures(bare, images, found).scene("b", np.arange(4, 8))
    kontur.write(found / "b.geojson", objects.shift(-3, -4))
    with pytest.raises(InputError, match=r"4 objects \(4, 7, 9, 12\) of image 'b' lie elsewhere"):
        find_pictures(bare, images, found).scene("b", np.arange(4, 8))
    Image.new("L", (50, 60)).save(place / "images/a.png")
    with pytest.raises(InputError, match=r"'a' has 60×50 pixels .*its outlines reach to x 80"):
        find_pictures(table, images).scene("a", np.arange(4))
    with pytest.raises(InputError, match=r"no image for the outlines of 'a'.*--images"):
        find_pictures(bare, [], found).scene("a", np.arange(4))


@pytest.mark.parametrize("text", ["POLYGON ((0 0, 1", "", "POINT (1 1)", None])
def test_an_outline_that_cannot_be_read_is_reported(folder, text):
    place, table, _ = folder
    table.loc[0, "outline"] = text
    with pytest.raises(InputError, match="outline of object 4 of image 'a' is empty, cut short or"):
        find_pictures(table, [str(place / "images")]).scene("a", np.arange(4))
