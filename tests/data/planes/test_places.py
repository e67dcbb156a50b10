"""Planes of files whose axes are in another order, matched by depth and time."""

import numpy as np
import pytest
import shapely
import tifffile

from kontur import formats
from kontur.data.folder import open_folder
from kontur.data.planes.places import check_labels_fit, label_page, places_of
from kontur.data.truth import open_truth
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.infer.folder_evaluation import evaluate_files
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.sources.find_sources import find_sources, large_outlines
from kontur.measure.sources.plane_sources import plane_sources
from kontur.web.workspace import open_workspace
from tests.images import volumes

DEPTHS, TIMES, SIZE = 2, 3, (24, 32)
ORDERS = ["TZYX", "ZTYX"]
OUTLINES = {"outlines": ".geojson", "table": ".csv", "lines": ".geojsonl"}


def labels():
    """A square at a place of its own for each time and depth, of the id 10 t + z + 1; t, z."""
    array = np.zeros((TIMES, DEPTHS, *SIZE), np.uint8)
    for t in range(TIMES):
        for z in range(DEPTHS):
            array[t, z, 2 + 7 * t : 8 + 7 * t, 2 + 9 * z : 9 + 9 * z] = 10 * t + z + 1
    return array


def save(path, axes, array=None):
    array = labels() if array is None else array
    path.parent.mkdir(parents=True, exist_ok=True)
    if axes == "NIfTI":
        return volumes.write(path.with_name("f.labels.nii.gz"), array.transpose(3, 2, 1, 0))
    if axes in OUTLINES:
        entries = [
            ImageAnnotation("f.tif", SIZE, Instances.from_label_image(array[t, z]).replace(plane=p))
            for t in range(TIMES)
            for z in range(DEPTHS)
            for p in [Plane(z, t).numbered(DEPTHS * t + z)]
        ]
        return formats.write_images(path.with_name(f"f{OUTLINES[axes]}"), entries)
    ordered = array if axes == "TZYX" else array.swapaxes(0, 1)
    how = {"photometric": "minisblack", "metadata": {"axes": axes}}
    return tifffile.imwrite(path.with_name("f.ome.tif"), ordered, **how)


def folder(root, image, annotation):
    save(root / "images/f", image, 2 * labels())
    save(root / ("labels/f" if annotation in ORDERS else "outlines/f"), annotation)
    return root


@pytest.mark.parametrize("true", ["TZYX", "ZTYX", "NIfTI", "outlines"])
@pytest.mark.parametrize("found", ["ZTYX", "NIfTI", "outlines"])
def test_planes_are_compared_with_those_of_their_depth_and_time(tmp_path, true, found):
    save(tmp_path / "true/f", true)
    save(tmp_path / "found/f", found)
    truth = open_truth(tmp_path / "true", page="all")
    evaluation = evaluate_files(tmp_path / "found", truth, page="all")
    assert evaluation.summary.ap(0.5) == 1
    assert sorted(one.page for one in evaluation.images) == [*range(DEPTHS * TIMES)]
    assert not evaluation.planes_without_prediction + evaluation.planes_without_truth


@pytest.mark.parametrize("true", [*ORDERS, "NIfTI", "folder", *OUTLINES])
@pytest.mark.parametrize("found", [*ORDERS, "NIfTI", *OUTLINES])
def test_a_chosen_page_is_compared_with_that_of_its_depth_and_time(tmp_path, true, found):
    save(tmp_path / "found/f", found)
    place = tmp_path / "true"
    if true == "folder":
        folder(place, "ZTYX", "ZTYX")
    else:
        save(place / "f", true)
    for page in (1, 3):
        evaluation = evaluate_files(tmp_path / "found", open_truth(place, page=page), page=page)
        assert evaluation.summary.ap(0.5) == 1
        assert evaluation.images[0].true_count == 1


def test_a_chosen_page_that_labels_lack_is_named(tmp_path):
    save(tmp_path / "true/f", "ZTYX")
    save(tmp_path / "found/f", "TZYX", labels()[:2])
    with pytest.raises(InputError, match="has no page of depth 0 and time 2, which is wanted"):
        evaluate_files(tmp_path / "found", open_truth(tmp_path / "true", page=2), page=2)


def test_a_plane_that_one_side_alone_has_is_named(tmp_path):
    save(tmp_path / "true/f", "ZTYX")
    save(tmp_path / "found/f", "TZYX", labels()[:2])
    truth = open_truth(tmp_path / "true", page="all")
    evaluation = evaluate_files(tmp_path / "found", truth, page="all")
    assert evaluation.summary.ap(0.5) == 1
    assert evaluation.planes_without_prediction == ("f page 2", "f page 5")  # time 2 of each depth


@pytest.mark.parametrize("image", ORDERS)
@pytest.mark.parametrize("annotation", [*ORDERS, "outlines"])
def test_the_objects_of_a_training_folder_are_of_the_plane_of_the_image(
    tmp_path, image, annotation
):
    place = folder(tmp_path, image, annotation)
    for page in ("all", 1, 3):
        for sample in open_folder(place, page=page).samples:
            (identity,) = sample.instances.ids
            assert sample.image.max() == 2 * identity
    truth = open_truth(place, page="all")
    assert evaluate_files(place / "images", truth, page="all").summary.ap(0.5) == 1
    for source in plane_sources(place).images:
        identity = 10 * source.plane.t + source.plane.z + 1
        picture = source.read()
        assert picture.instances.ids.tolist() == [identity]
        assert picture.image.max() == 2 * identity


@pytest.mark.parametrize("image", ORDERS)
@pytest.mark.parametrize("annotation", [*ORDERS, "NIfTI", "outlines"])
def test_outlines_are_measured_on_the_plane_of_their_depth_and_time(tmp_path, image, annotation):
    save(tmp_path / "images/f", image, 2 * labels())
    save(tmp_path / "found/f", annotation)
    sources = plane_sources(tmp_path / "found", [str(tmp_path / "images")]).images
    pictures = [one.read() for one in sources]
    assert len(pictures) == DEPTHS * TIMES
    for picture in pictures:
        assert [picture.image.max()] == [2 * one for one in picture.instances.ids]


@pytest.mark.parametrize("annotation", [*ORDERS, "outlines"])
def test_the_page_shows_the_labels_of_the_plane(tmp_path, annotation):
    here = open_workspace(folder(tmp_path, "ZTYX", annotation))
    (image,) = here.folder.images.values()
    for page in range(DEPTHS * TIMES):
        z, t = divmod(page, TIMES)
        assert here.annotations.open(image, page).instances.ids.tolist() == [10 * t + z + 1]
    here.close()


def test_outlines_of_one_depth_are_of_its_planes(tmp_path):
    """QuPath numbers no pages: time 1 is page 1 of the one order, and page 2 of the other."""
    square = Instances.of([shapely.box(2, 9, 9, 15)], size=SIZE).replace(plane=Plane(0, 1))
    for axes, page in (("TZYX", 2), ("ZTYX", 1)):
        place = tmp_path / axes
        save(place / "f", axes, 2 * labels())
        formats.write_images(place / "f.geojson", [ImageAnnotation("f.ome.tif", SIZE, square)])
        counts = [len(one.instances) for one in open_folder(place, page="all").samples]
        assert counts == [int(number == page) for number in range(6)]
        here = open_workspace(place)
        (image,) = here.folder.images.values()
        found = [len(here.annotations.open(image, number).instances) for number in range(6)]
        assert found == counts
        here.close()


def test_numbers_count_where_a_side_knows_no_depth_and_time(tmp_path):
    save(tmp_path / "image", "ZTYX")
    plain = tmp_path / "labels.tif"
    tifffile.imwrite(plain, labels().reshape(-1, *SIZE), photometric="minisblack")
    image = tmp_path / "f.ome.tif"
    assert [label_page(plain, image, page) for page in range(6)] == [*range(6)]
    assert places_of(image)[:4] == ((0, 0), (0, 1), (0, 2), (1, 0))
    assert label_page(plain, image, None) is None


def test_labels_of_other_depths_and_times_are_refused(tmp_path):
    save(tmp_path / "a/f", "TZYX")
    save(tmp_path / "b/f", "TZYX", labels().swapaxes(0, 1))
    with pytest.raises(InputError, match=r"3 depths at 2 times and its image .* 2 depths at 3"):
        check_labels_fit(tmp_path / "b/f.ome.tif", tmp_path / "a/f.ome.tif")


@pytest.mark.parametrize("axes", [*ORDERS, "NIfTI", *OUTLINES])
@pytest.mark.parametrize("large", [1 << 40, 0], ids=["in memory", "on disk"])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_chosen_page_of_outlines_is_measured_on_the_same_plane(
    tmp_path, axes, large, as_file, monkeypatch
):
    monkeypatch.setattr(large_outlines, "LARGE", large)
    save(tmp_path / "images/f", "ZTYX", 2 * labels())
    save(tmp_path / "found/f", axes)
    place = next((tmp_path / "found").iterdir()) if as_file else tmp_path / "found"
    for page in (1, 3):
        (one,) = find_sources(place, [str(tmp_path / "images")], page=page).images
        for picture in (one.read(), one.open()):
            z, t = divmod(page, TIMES)
            assert picture.instances.boxes.tolist() == [
                [2 + 9 * z, 2 + 7 * t, 9 + 9 * z, 8 + 7 * t]
            ]
            assert picture.image[2 + 7 * t, 2 + 9 * z] == 2 * (10 * t + z + 1)


@pytest.mark.parametrize("ending", [".tif", ".nii.gz"])
def test_labels_of_another_number_of_planes_are_refused_alike_everywhere(tmp_path, ending):
    for where, planes in (("images", 4), ("labels", 8)):
        (tmp_path / where).mkdir()
        array = np.ones((planes, *SIZE), np.uint8)
        if ending == ".tif":
            tifffile.imwrite(tmp_path / where / "a.tif", array, photometric="minisblack")
        else:
            volumes.write(tmp_path / where / "a.nii.gz", array.T)
    found, images = tmp_path / "labels", [str(tmp_path / "images")]
    here = open_workspace(tmp_path)
    (image,) = here.folder.images.values()
    ways = [
        lambda: open_folder(tmp_path, page="all"),
        lambda: open_folder(tmp_path, page=2).samples[0],
        lambda: plane_sources(found, images),
        lambda: find_sources(found, images, page=2),
        lambda: here.annotations.open(image, 2),
    ]
    for way in ways:
        with pytest.raises(InputError, match=r"has 8 pages and its image .* has 4, so") as refused:
            way()
        assert "--page" not in str(refused.value)
    here.close()


def test_a_table_of_films_of_other_orders_is_measured_on_the_same_planes(tmp_path):
    """Depth and time alone, as other programs write them: no number of a page counts there."""
    entries = []
    for name, axes in (("f", "ZTYX"), ("g", "TZYX")):
        save(tmp_path / name / "f", axes, 2 * labels())
        (tmp_path / name / "f.ome.tif").rename(tmp_path / f"{name}.ome.tif")
        entries += [
            ImageAnnotation(f"{name}.ome.tif", SIZE, one.replace(plane=Plane(z, t)))
            for t, depths in enumerate(labels())
            for z, one in enumerate(map(Instances.from_label_image, depths))
        ]
    formats.write_images(tmp_path / "all.csv", entries)
    images = [str(tmp_path / f"{name}.ome.tif") for name in "fg"]
    for page in range(DEPTHS * TIMES):
        pictures = [
            one.read() for one in find_sources(tmp_path / "all.csv", images, page=page).images
        ]
        places = [divmod(page, TIMES), divmod(page, DEPTHS)[::-1]]
        ids = [[10 * t + z + 1] for z, t in places]
        assert [picture.instances.ids.tolist() for picture in pictures] == ids
        assert [[picture.image.max() // 2] for picture in pictures] == ids
