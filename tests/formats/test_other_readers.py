"""What Kontur writes, as the readers of other programs see it: every object, to the pixel.

A donut around a pixel, an object of two parts, one pixel in the corner, a class with spaces. Each
reader gives the mask of every object; the outlines of those that give outlines are painted by
asking which centres of pixels lie inside, ring by ring.
"""

import json
from collections import Counter

import numpy as np
import pytest
import shapely
import tifffile
import zarr
from PIL import Image

from kontur import formats
from kontur.formats import ImageAnnotation
from kontur.instances import Instances

SIZE = (21, 24)
CLASSES = ["red cell", "white, old"]


def drawing() -> np.ndarray:
    image = np.zeros(SIZE, dtype=np.uint16)
    image[2:9, 3:12], image[4:7, 5:8], image[5, 6] = 1, 0, 2
    image[12:15, 3:9], image[17:19, 20:23] = 3, 3
    image[20, 23] = 4
    return image


def objects() -> Instances:
    found = Instances.from_label_image(drawing(), CLASSES)
    return found.replace(labels=[0, 1, 0, 1], scores=[0.5, np.nan, 1.0, 0.25])


def painted(polygon) -> np.ndarray:
    x, y = np.meshgrid(np.arange(SIZE[1]) + 0.5, np.arange(SIZE[0]) + 0.5)
    return shapely.contains_xy(polygon, x, y)


def by_even_odd(rings) -> np.ndarray:
    """As ImageJ fills a composite."""
    return np.logical_xor.reduce([painted(shapely.Polygon(ring)) for ring in rings])


def of_pycocotools(path):
    from pycocotools.coco import COCO

    coco = COCO(str(path))
    names = {one["id"]: one["name"] for one in coco.loadCats(coco.getCatIds())}
    for one in coco.loadAnns(coco.getAnnIds()):
        yield coco.annToMask(one).astype(bool), names[one["category_id"]]


def of_geopandas(path):
    import geopandas

    if path.suffix == ".parquet":
        frame = geopandas.read_parquet(path)
        names = frame["class"]
    else:
        frame = geopandas.read_file(path)
        names = [
            (json.loads(value) if isinstance(value, str) else value)["name"]
            for value in frame["classification"]
        ]
    for polygon, name in zip(frame.geometry, names, strict=True):
        yield painted(polygon), name


def of_roifile(path):
    import roifile

    for roi in roifile.roiread(path):
        rings = roi.coordinates(multi=True) if roi.composite else [roi.coordinates()]
        words = dict(line.split(": ", 1) for line in roi.props.splitlines())
        yield by_even_odd(rings), words["kontur.class"]


def of_duckdb(path):
    import duckdb  # has the type GEOMETRY without its extension

    rows = f"SELECT ST_AsText(geometry), class FROM '{path}'"
    for outline, name in duckdb.connect().execute(rows).fetchall():
        yield painted(shapely.from_wkt(outline)), name


def of_pyarrow(path):
    import pyarrow.parquet as parquet

    table = parquet.read_table(path).to_pylist()
    for row in table:
        yield painted(shapely.from_wkb(row["geometry"])), row["class"]


def of_wkt_in_a_table(path):
    import pandas

    for _, row in pandas.read_csv(path).iterrows():
        yield painted(shapely.from_wkt(row["outline"])), row["class"]


def of_labels(array):
    for value in np.unique(array[array > 0]):
        yield array == value, None


def of_zarr(path):
    group = zarr.open_group(str(path), mode="r")
    words = {one["label-value"]: one for one in group.attrs["ome"]["image-label"]["properties"]}
    array = group["0"][:]
    for value in np.unique(array[array > 0]):
        yield array == value, words[int(value)]["class"]


READERS = {
    "coco by pycocotools": (".coco.json", of_pycocotools),
    "geojson by geopandas": (".geojson", of_geopandas),
    "geoparquet by geopandas": (".parquet", of_geopandas),
    "geoparquet by pyarrow": (".parquet", of_pyarrow),
    "geoparquet by DuckDB": (".parquet", of_duckdb),
    "imagej by roifile": (".zip", of_roifile),
    "csv by pandas": (".csv", of_wkt_in_a_table),
    "labels by tifffile": (".tif", lambda path: of_labels(tifffile.imread(path))),
    "labels by Pillow": (".png", lambda path: of_labels(np.asarray(Image.open(path)))),
    "ome-zarr by zarr": (".labels.ome.zarr", of_zarr),
}


@pytest.mark.parametrize("reader", READERS)
def test_every_object_is_seen_to_the_pixel_with_its_class(tmp_path, reader):
    ending, read = READERS[reader]
    path = tmp_path / f"a{ending}"
    formats.write(path, objects(), image_name="a.png")
    seen = list(read(path))
    assert len(seen) == 4
    for number, (mask, name) in enumerate(seen, start=1):
        np.testing.assert_array_equal(mask, drawing() == number)
        assert name in (None, CLASSES[(number - 1) % 2])


def test_pycocotools_scores_what_kontur_wrote_as_perfect_and_kontur_reads_its_results(tmp_path):
    from pycocotools import mask as rle
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = tmp_path / "truth.coco.json"
    formats.write(truth, objects().replace(scores=[np.nan] * 4), image_name="a.png")
    coco = COCO(str(truth))
    results = []
    for one in coco.loadAnns(coco.getAnnIds()):
        code = rle.encode(np.asfortranarray(coco.annToMask(one)))
        code["counts"] = code["counts"].decode()
        keys = {key: one[key] for key in ("image_id", "category_id")}
        results.append({**keys, "segmentation": code, "score": 0.25 + 0.125 * len(results)})
    (tmp_path / "results.json").write_text(json.dumps(results))
    judged = COCOeval(coco, coco.loadRes([dict(one) for one in results]), "segm")
    judged.evaluate(), judged.accumulate(), judged.summarize()
    assert judged.stats[0] == pytest.approx(1)
    (entry,) = formats.read_images(tmp_path / "results.json", numbered_in=[truth])
    np.testing.assert_array_equal(
        entry.instances.replace(ids=[1, 2, 3, 4]).label_image(), drawing()
    )
    assert entry.instances.scores.tolist() == [0.25, 0.375, 0.5, 0.625]
    assert [entry.instances.classes[i] for i in entry.instances.labels] == [
        CLASSES[i % 2] for i in range(4)
    ]


def test_crowds_attributes_and_unknown_keys_of_coco_go_through_every_trip(tmp_path):
    formats.write(tmp_path / "a.json", objects(), image_name="a.png")
    whole = json.loads((tmp_path / "a.json").read_text())
    whole["licenses"] = [{"id": 3, "name": "CC0"}]
    whole["annotations"][0] |= {"attributes": {"occluded": True, "track": 7}, "iscrowd": 1}
    whole["annotations"][1]["theirs"] = [1, {"deep": None}]
    whole["images"][0]["date_captured"] = "2026-11-28"
    whole["categories"][0]["supercategory"] = "blood"
    (tmp_path / "b.json").write_text(json.dumps(whole))
    formats.write_images(tmp_path / "c.json", formats.read_images(tmp_path / "b.json"))
    again = json.loads((tmp_path / "c.json").read_text())
    assert again["annotations"][0]["attributes"] == {"occluded": True, "track": 7}
    assert again["annotations"][0]["iscrowd"] == 1
    assert again["annotations"][1]["theirs"] == [1, {"deep": None}]
    assert again["images"][0]["date_captured"] == "2026-11-28"
    assert again["licenses"] == whole["licenses"]
    assert again["categories"][0]["supercategory"] == "blood"


def qupath_cell() -> dict:
    """A cell as QuPath 0.6 exports it: nucleus, lock, measurements, plane, a derived class."""
    ring = [[1.5, 1.25], [8.75, 1.25], [8.75, 7.5], [1.5, 7.5], [1.5, 1.25]]
    nucleus = [[3, 3], [5, 3], [5, 5], [3, 5], [3, 3]]
    return {
        "type": "Feature",
        "id": "3f6c1f5e-7d0c-4a2c-9b0e-1f2a3b4c5d6e",
        "geometry": {"type": "Polygon", "coordinates": [ring], "plane": {"c": -1, "z": 2, "t": 0}},
        "nucleusGeometry": {"type": "Polygon", "coordinates": [nucleus]},
        "properties": {
            "objectType": "cell",
            "name": "cell 7",
            "isLocked": True,
            "classification": {"names": ["Tumor", "Positive"], "color": [200, 0, 10]},
            "measurements": {"Nucleus: Area": 4.0, "Cell: Perimeter": 27.123456},
            "metadata": {"ANNOTATION_DESCRIPTION": "by hand"},
        },
    }


def test_a_cell_of_qupath_comes_back_whole(tmp_path):
    collection = {"type": "FeatureCollection", "features": [qupath_cell()]}
    (tmp_path / "a.geojson").write_text(json.dumps(collection))
    found = formats.read_images(tmp_path / "a.geojson")
    assert found[0].instances.classes == ("Tumor: Positive",)
    formats.write_images(tmp_path / "b.geojson", found)
    (again,) = json.loads((tmp_path / "b.geojson").read_text())["features"]
    cell = qupath_cell()
    assert again["id"] == cell["id"]
    assert again["nucleusGeometry"] == cell["nucleusGeometry"]
    assert again["geometry"]["plane"] == cell["geometry"]["plane"]
    for key in ("objectType", "name", "isLocked", "measurements", "metadata"):
        assert again["properties"][key] == cell["properties"][key]
    assert again["properties"]["classification"]["color"] == [200, 0, 10]
    ring = again["geometry"]["coordinates"][0]
    assert Counter(map(tuple, ring[:-1])) == Counter(
        map(tuple, cell["geometry"]["coordinates"][0][:-1])
    )


@pytest.mark.parametrize("name", ["geojson", "coco", "labelme", "csv", "via", "cvat"])
def test_no_more_decimals_than_carry_information(tmp_path, name):
    found = objects().scale(1 / 3, 1 / 7).replace(size=SIZE)[[0, 1, 3]]
    found = found.replace(polygons=[shapely.Polygon(p.exterior) for p in found.polygons])
    path = tmp_path / f"a{formats.FORMATS[name].ending}"
    formats.write_images(path, [ImageAnnotation("a.png", SIZE, found)])
    digits = [
        part[: len(part) - len(part.lstrip("0123456789"))] for part in path.read_text().split(".")
    ]
    assert max(map(len, digits)) <= 6  # those of scores; coordinates have three
