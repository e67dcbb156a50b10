import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from kontur.data.synthetic import SHAPES, coverage, outline, scene, write_dataset
from kontur.errors import InputError
from kontur.instances import Instances


def make(seed=0, **options):
    return scene(np.random.default_rng(seed), **options)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(10))
def test_outlines_are_valid_single_and_about_as_large_as_asked(shape, seed):
    polygon = outline(np.random.default_rng(seed), shape, 10.0)
    assert polygon.geom_type == "Polygon"
    assert polygon.is_valid
    assert not polygon.interiors
    assert 60 < polygon.area < 500


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("channels", [1, 3])
def test_a_scene_is_an_8_bit_image_with_valid_objects_inside(seed, channels):
    sample = make(seed, size=(120, 160), channels=channels, holes=0.4, overlap=0.3)
    assert sample.image.shape == (120, 160, channels)
    assert sample.image.dtype == np.uint8
    assert sample.instances.size == (120, 160)
    assert len(sample.instances) > 8
    assert shapely.is_valid(sample.instances.polygons).all()
    assert (sample.instances.boxes >= 0).all()
    assert (sample.instances.boxes[:, 2:] <= (160, 120)).all()
    assert sample.instances.ids.tolist() == list(range(1, len(sample.instances) + 1))


def test_the_same_generator_draws_the_same_scene():
    assert_array_equal(make(3).image, make(3).image)
    assert not np.array_equal(make(3).image, make(4).image)


@pytest.mark.parametrize("ground", ["dark", "bright"])
def test_objects_are_painted_where_their_outlines_are(ground):
    sample = make(
        1, noise=0, ground=ground, touching=0, shapes=("blob",), size=(120, 120), count=10
    )
    inside = sample.instances.label_image() > 0
    image = sample.image[..., 0].astype(float)
    rows, columns = np.indices(sample.size) + 0.5
    centres = shapely.points(columns, rows)
    edges = shapely.union_all(shapely.boundary(sample.instances.polygons))
    clear = shapely.distance(centres, edges) > 2  # beyond the lens
    contrast = np.median(image[inside & clear]) - np.median(image[~inside & clear])
    assert abs(contrast) > 40
    assert (contrast > 0) == (ground == "dark")
    boxes = sample.instances.boxes
    uncut = (boxes > 0).all(1) & (boxes < 120).all(1)
    for polygon in sample.instances.polygons[uncut]:  # each edge is half-way between the two levels
        core = image[shapely.contains_xy(polygon.buffer(-2), columns, rows)]
        band = np.abs(shapely.distance(centres, polygon.boundary)) < 0.5
        around = image[shapely.contains_xy(polygon.buffer(5), columns, rows) & ~inside & clear]
        if len(core) > 10 and len(around) > 10:
            share = (image[band].mean() - around.mean()) / (core.mean() - around.mean())
            assert share == pytest.approx(0.5, abs=0.12)


def test_objects_that_do_not_touch_keep_apart_and_touching_ones_share_an_edge_and_no_area():
    apart = make(0, touching=0, count=15).instances.polygons
    assert shapely.distance(apart[:, None], apart)[~np.eye(len(apart), dtype=bool)].min() > 0
    touching = make(0, touching=1, count=15).instances.polygons
    common = shapely.intersection(touching[:, None], touching)[~np.eye(len(touching), dtype=bool)]
    assert shapely.area(common).max() < 1e-6
    assert (shapely.length(common) > 2).sum() >= 12


def test_overlapping_objects_keep_their_whole_outlines():
    polygons = make(0, overlap=1, touching=0, shapes=("worm",)).instances.polygons
    shared = shapely.area(shapely.intersection(polygons[:, None], polygons))
    assert (shared[~np.eye(len(polygons), dtype=bool)] > 5).sum() > 10


def test_holes_are_ground_and_not_object():
    sample = make(2, holes=1, shapes=("ellipse",), touching=0, noise=0, radius=(15, 20), count=8)
    whole = [p for p in sample.instances.polygons if p.interiors]
    assert len(whole) >= 3
    hole = shapely.Polygon(whole[0].interiors[0]).centroid
    assert sample.image[int(hole.y), int(hole.x), 0] < 60


def test_classes_are_the_shapes_where_wanted():
    assert set(make(0).instances.labels) == {0}
    named = make(0, classes="shapes", count=40).instances
    assert named.classes == SHAPES
    assert set(named.labels) == {0, 1, 2, 3}


def test_a_scene_may_be_empty_and_a_crowded_one_leaves_out_what_finds_no_place():
    assert len(make(count=0).instances) == 0
    assert 0 < len(make(count=60, size=(48, 48), touching=0).instances) < 30


def test_unknown_shapes_are_refused():
    with pytest.raises(InputError, match="got cube"):
        make(shapes=("cube",))


def test_coverage_is_exact_for_quarter_pixels():
    assert_array_equal(coverage(shapely.box(0.25, 0, 1.5, 1), (1, 2)), [[0.75, 0.5]])
    assert_allclose(
        coverage(shapely.Point(10, 10).buffer(7), (20, 20)).sum(), np.pi * 49, rtol=0.01
    )


def test_a_written_folder_is_the_scenes_it_was_made_of(tmp_path):
    names = write_dataset(tmp_path / "made", 3, seed=5, size=(64, 80), count=6, holes=0.5)
    more = write_dataset(tmp_path / "again", 4, seed=5, size=(64, 80), count=6, holes=0.5)
    assert names == more[:3] == ["scene-0000", "scene-0001", "scene-0002"]
    for name in names:
        image = np.asarray(Image.open(tmp_path / f"made/images/{name}.png"))
        labels = np.asarray(Image.open(tmp_path / f"made/labels/{name}.png"))
        assert image.dtype == np.uint8
        assert image.shape == labels.shape == (64, 80)
        assert labels.max() == len(Instances.from_label_image(labels.astype(np.int64)))
        again = (tmp_path / f"again/images/{name}.png").read_bytes()
        assert (tmp_path / f"made/images/{name}.png").read_bytes() == again


def test_overlapping_scenes_are_written_as_one_mask_an_object(tmp_path):
    [name] = write_dataset(tmp_path, 1, overlap=0.8, size=(100, 100), count=8, channels=3)
    masks = [np.asarray(Image.open(p)) > 0 for p in sorted((tmp_path / "masks" / name).iterdir())]
    assert len(masks) > 3
    assert np.sum(masks, axis=0).max() > 1
    assert np.asarray(Image.open(tmp_path / f"images/{name}.png")).shape == (100, 100, 3)


def test_a_folder_with_images_is_not_written_over(tmp_path):
    write_dataset(tmp_path, 1, size=(32, 32), count=2)
    with pytest.raises(InputError, match="holds files already"):
        write_dataset(tmp_path, 1)
