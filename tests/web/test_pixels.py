"""What a page is told of an image: the size of its pixels, and a small picture."""

import shapely
from PIL import Image

from kontur import formats
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances import Instances
from kontur.measure.measure_many import measure_many
from kontur.measure.sources.find_sources import find_sources
from tests.web.conftest import nuclei, opened
from tests.web.edits import key_of


def test_a_label_image_that_states_the_size_of_a_pixel_counts_where_the_image_does_not(tmp_path):
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    ring = shapely.box(10, 5, 30, 15)
    objects = [ImageAnnotation("a", (40, 50), Instances.of([ring], size=(40, 50)), pixel_size=0.5)]
    formats.write_images(tmp_path / "labels" / "a.ome.tif", objects, format="labels")
    Image.fromarray(nuclei(0, (40, 50), 1)).save(tmp_path / "images" / "a.png")
    rows = measure_many(find_sources(tmp_path).images)
    with opened(tmp_path) as api:
        key = key_of(api, "images/a.png")
        table = api.get(f"/api/images/{key}/table").json()
        area = next(column for column in table["columns"] if column["name"] == "area")
        assert api.get(f"/api/images/{key}").json()["pixel_size"] == 0.5
        assert (area["unit"], area["values"]) == ("µm²", [50.0]) == ("µm²", [rows["area"][0]])
        told = api.post("/api/export", json={"format": "labels", "images": [key]})
        (tmp_path / "out.tif").write_bytes(told.content)
        assert formats.read_images(tmp_path / "out.tif")[0].pixel_size == 0.5


def test_the_small_picture_of_an_image_that_was_replaced_is_another(api, images):
    place = f"/api/images/{key_of(api)}/thumbnail"
    first = api.get(place)
    assert "max-age" not in first.headers["cache-control"]
    known = {"If-None-Match": first.headers["etag"]}
    same = api.get(place, headers=known)
    assert (same.status_code, same.content) == (304, b"")
    Image.fromarray(255 - nuclei(0)).save(images / "cells0.png")
    second = api.get(place, headers=known)
    assert second.status_code == 200
    assert second.content != first.content
