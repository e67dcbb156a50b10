"""The table: a row an object, columns, types, units, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image

import kontur
from kontur.errors import InputError
from kontur.instances import Instances
from kontur.measure.columns import POWER
from kontur.measure.table import BRIGHTNESS, WITHOUT_IMAGE, column_of, measure
from kontur.measure.tables.table_files import read_table, write_table
from kontur.measure.tables.table_operations import grouped, where
from tests.measure.drawn import blob, disc, noise_labels
from tests.measure.outlines.test_object_rings import FRAME, PARTS

SIZE = (60, 80)
FIRST = ["image", "id", "class", "score", "ignore", "x", "y"]


@pytest.fixture
def found():
    polygons = [disc(8, (20, 20)), blob(1, 6, (50, 30)), FRAME, PARTS, shapely.box(30, 50, 31, 51)]
    return Instances.of(
        polygons,
        labels=[0, 1, 0, 1, 0],
        scores=[0.9, np.nan, 0.5, 0.1, 1],
        ids=[4, 2, 9, 7, 3],
        ignore=[False, False, True, False, False],
        size=SIZE,
        classes=("live", "dead"),
    )


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 60_000, (*SIZE, 1), dtype=np.uint16)


def test_it_has_a_row_for_each_object_in_their_order(found, image):
    table = kontur.measure(found, image, name="a01")
    assert list(table.columns[: len(FIRST)]) == FIRST
    assert table["id"].tolist() == [4, 2, 9, 7, 3]
    assert table["class"].tolist() == ["live", "dead", "live", "dead", "live"]
    assert table["image"].tolist() == ["a01"] * 5
    assert np.isnan(table["score"][1])
    assert table["ignore"].tolist() == [False, False, True, False, False]
    assert table["x"][0] == pytest.approx(20)
    assert (table["left"][2], table["bottom"][2]) == (0, 6)
    assert table["area"][2] == 32
    assert table["touching_count"].dtype == table["holes"].dtype == np.int64
    assert table["on_border"].tolist() == [False, False, True, True, False]


def test_whether_an_object_is_at_the_border_is_missing_where_the_image_ends_nowhere(
    found, image, tmp_path
):
    unsized = found.replace(size=None)
    assert measure(unsized, image)["on_border"].tolist() == [False, False, True, True, False]
    table = measure(unsized)
    assert table["on_border"].dtype == measure(unsized[:0])["on_border"].dtype == "boolean"
    assert table["on_border"].isna().all()
    joined = pd.concat([table, measure(found)], ignore_index=True)
    joined.attrs = table.attrs
    assert len(where(joined, "on_border")) == 2
    assert len(where(joined, "not on_border")) == 3
    assert grouped(joined, ["image"])["on_border_mean"].tolist() == [0.4]
    for ending in ("csv", "parquet"):
        for written in (table, joined):
            write_table(tmp_path / f"t.{ending}", written)
            read = read_table(tmp_path / f"t.{ending}")["on_border"]
            pd.testing.assert_series_equal(read, written["on_border"])


def test_it_is_the_same_with_the_image_as_an_array_of_two_axes_or_a_file(found, image, tmp_path):
    table = measure(found, image, name="a01")
    pd.testing.assert_frame_equal(measure(found, image[:, :, 0], name="a01"), table)
    Image.fromarray(image[:, :, 0]).save(tmp_path / "a01.png")
    pd.testing.assert_frame_equal(measure(found, tmp_path / "a01.png"), table)


def test_without_an_image_there_are_no_intensities(found):
    table = measure(found)
    assert list(table.columns[5:]) == list(WITHOUT_IMAGE)
    assert table[~table["ignore"]].notna().drop(columns="score").all(axis=None)


def test_channels_are_numbered_as_regionprops_tables_are(found, image):
    rgb = np.concatenate([image, image + 1, image + 2], axis=2)
    table, grey = measure(found, rgb), measure(found, image)
    assert {f"{name}-{channel}" for name in BRIGHTNESS for channel in range(3)} <= {*table.columns}
    np.testing.assert_array_equal(table["intensity_mean-0"], grey["intensity_mean"])
    np.testing.assert_allclose(table["intensity_mean-2"], grey["intensity_mean"] + 2)


def test_no_objects_give_no_rows_but_all_columns_and_their_types(found, image):
    for picture in (None, image, image.repeat(3, axis=2)):
        full = measure(found, picture, pixel_size=0.5)
        none = measure(found[:0], picture, pixel_size=0.5)
        assert len(none) == 0
        assert none.dtypes.to_dict() == full.dtypes.to_dict()
        assert none.attrs == full.attrs


def test_lengths_are_micrometres_where_the_pixel_size_is_known(found, image):
    pixels, microns = measure(found, image), measure(found, image, pixel_size=0.25)
    for name in pixels.columns[5:]:
        factor = 0.25 ** POWER.get(column_of(name).kind, 0)
        np.testing.assert_allclose(microns[name] * 1.0, pixels[name] * factor, rtol=1e-12)
    assert pixels.attrs["pixel_size"] is None
    assert microns.attrs["pixel_size"] == 0.25
    units = [table.attrs["units"]["area"] for table in (pixels, microns)]
    assert units == ["px²", "µm²"]
    assert microns.attrs["units"]["x"] == "px"  # where it is, not how large
    assert microns.attrs["units"]["local_density"] == "1/µm²"
    assert set(microns.attrs["units"]) == set(microns.columns)


def test_the_pixel_size_of_an_ome_tiff_counts_unless_another_is_given(found, image, tmp_path):
    import tifffile

    about = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "axes": "YX"}
    tifffile.imwrite(tmp_path / "a.ome.tif", image[:, :, 0], metadata=about)
    table = measure(found, tmp_path / "a.ome.tif")
    assert table.attrs["pixel_size"] == 0.5
    assert set(table["image"]) == {"a"}
    assert measure(found, tmp_path / "a.ome.tif", pixel_size=2).attrs["pixel_size"] == 2
    with pytest.raises(InputError, match="above 0"):
        measure(found, tmp_path / "a.ome.tif", pixel_size=0)


def test_outlines_come_back_to_a_thousandth_of_a_pixel(found):
    table = measure(found, outlines=True)
    back = shapely.from_wkt(table["outline"].to_numpy())
    assert (shapely.hausdorff_distance(back, found.polygons) < 0.00071).all()
    assert (table["image_height"] == SIZE[0]).all()


def test_metadata_stands_in_every_row_and_hides_no_measurement(found):
    table = measure(found, metadata={"stain": "GFP", "area": "north"})
    assert table["stain"].tolist() == ["GFP"] * 5
    assert table["metadata_area"].tolist() == ["north"] * 5
    assert table["area"].dtype == float


def test_two_columns_of_metadata_are_never_one(found):
    for names in (("area", "metadata_area"), ("metadata_intensity_mean-1", "intensity_mean-1")):
        with pytest.raises(InputError, match=f"{names[0]}.*{names[1]}.* would both be 'metadata_"):
            measure(found, metadata=dict.fromkeys(names, "north"))


def test_a_table_is_that_of_its_objects_apart_from_their_neighbours(found, image):
    whole = measure(found, image)
    alone = pd.concat([measure(found[i], image) for i in range(len(found))], ignore_index=True)
    far = ["area", "perimeter", "curvature_std", "efd_amplitude_2", "intensity_median"]
    pd.testing.assert_frame_equal(whole[far], alone[far])


def test_an_outline_of_one_part_is_measured_alike_as_a_polygon_and_as_a_multipolygon(found, image):
    """One multipolygon in a GeoArrow column makes GeoPandas read every outline as one."""
    outlines = np.array([shapely.MultiPolygon(shapely.get_parts(each)) for each in found.polygons])
    assert set(shapely.get_type_id(outlines)) == {shapely.GeometryType.MULTIPOLYGON}
    parted = measure(found.replace(polygons=outlines), image)
    pd.testing.assert_frame_equal(parted, measure(found, image))


def test_a_binary_image_is_zeros_and_ones(found):
    inside = found.label_image() > 0
    assert (measure(found, inside)["intensity_mean"][:2] == 1).all()


def test_a_label_image_measured_on_itself_says_its_ids():
    labels = noise_labels(7)
    table = measure(Instances.from_label_image(labels), labels)
    assert table["circularity"].between(0, 1).all()
    assert (table["intensity_std"] == 0).all()
    assert (table["intensity_mean"] == table["id"]).all()


@pytest.mark.parametrize(
    ("image", "options", "sentence"),
    [
        (np.zeros((9, 9)), {}, "drawn on an image of 60×80 pixels"),
        (np.zeros((2, 2, 1, 9)), {}, "one plane is wanted"),
        (np.full(SIZE, np.nan), {}, "NaN or infinite"),
        (None, {"pixel_size": 0.0}, "a number of µm above 0"),
        (None, {"pixel_size": np.inf}, "a number of µm above 0"),
        ("nowhere.tif", {}, "there is no image nowhere.tif"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(found, image, options, sentence):
    with pytest.raises(InputError, match=sentence):
        measure(found, image, **options)


def test_without_the_extra_the_sentence_says_what_to_install(found, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"pandas.*pip install .*\[tables\]'"):
        measure(found)
