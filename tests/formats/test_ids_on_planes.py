"""One id on several planes is one object, a track or a cell in depth, in every format."""

import json

import hypothesis
import numpy as np
import pytest
import shapely
from hypothesis import strategies as st

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.errors import InputError
from kontur.formats import ImageAnnotation, geoparquet
from kontur.formats.geojson import lines as geojson_lines
from kontur.formats.information_loss import information_losses
from kontur.instances import Instances
from kontur.instances.plane import Plane

SIZE = (12, 40)
WITH_PLANES = [name for name, one in formats.WRITABLE.items() if one.planes]
WITHOUT = [name for name, one in formats.WRITABLE.items() if not one.planes]

# The ids on each plane, and the axes of the planes.
stacks = st.tuples(
    st.lists(st.sets(st.sampled_from([1, 2, 3, 7, 70_000, 2**40, 0, -4])), min_size=2, max_size=4),
    st.sampled_from(["depths", "times", "both"]),
)
several = hypothesis.settings(
    deadline=None,
    max_examples=5,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)


def plane_of(axes, number):
    if axes == "both":
        return Plane(*divmod(number, 2)).numbered(number)
    return Plane(z=number) if axes == "depths" else Plane(t=number)


def stack(ids, axes="depths"):
    """A square for each id, at a place of its own on its plane."""
    entries = []
    for number, own in enumerate(ids):
        corners = 2 + 4 * np.arange(len(own))
        found = Instances.of(
            shapely.box(corners, 3, corners + 3, 6), ids=[*own], size=SIZE
        ).replace(plane=plane_of(axes, number))
        entries.append(ImageAnnotation("f.tif", SIZE, found))
    return entries


def ids_of(entries):
    """The id at each place: depth, time, and the left side of an object."""
    return {
        (*(one.instances.plane or Plane())[:2], round(x)): number
        for one in entries
        for x, number in zip(one.instances.boxes[:, 0], one.instances.ids.tolist(), strict=True)
    }


def groups(ids):
    """The places of each object, whatever its id."""
    return {frozenset(place for place in ids if ids[place] == number) for number in ids.values()}


def path_of(folder, name):
    return folder / f"f{formats.WRITABLE[name].ending}"


@several
@hypothesis.given(stacks)
@pytest.mark.parametrize("name", WITH_PLANES)
def test_an_id_on_several_planes_comes_back(tmp_path, name, drawn):
    entries = stack([sorted(own) for own in drawn[0]], drawn[1])
    kind = formats.WRITABLE[name]
    path, second = path_of(tmp_path, name), path_of(tmp_path / "second", name)
    formats.write_images(path, entries)
    again = formats.read_images(path)
    read, wanted = ids_of(again), ids_of(entries)
    lost = any("cannot be stored" in one for one in information_losses(kind, entries))
    assert groups(read) == groups(wanted)
    assert (read == wanted) is not lost
    formats.write_images(second, again)
    assert ids_of(formats.read_images(second)) == read


@pytest.mark.parametrize("name", WITHOUT)
def test_a_format_without_planes_takes_one_and_says_so(tmp_path, name):
    formats.write_images(tmp_path / "f.geojson", stack([[1, 2], [2]]))
    target = path_of(tmp_path, name)
    with pytest.raises(InputError, match="outlines on 2 planes of a stack"):
        convert(tmp_path / "f.geojson", target, format=name)
    losses = convert(tmp_path / "f.geojson", target, format=name, page=1).losses
    assert any(
        "that the outlines lie on a plane of a stack (depth 1) is lost" in one for one in losses
    )


@pytest.mark.parametrize("name", ["geojsonl", "geoparquet"])
def test_parts_of_a_large_file_keep_the_same_ids(tmp_path, name, monkeypatch):
    monkeypatch.setattr(geojson_lines, "GROUP", 2)
    monkeypatch.setattr(geoparquet, "GROUP", 2)
    path = path_of(tmp_path, name)
    formats.write_images(path, stack([[3, 1, 2], [1, 3], [2]]))
    found = formats.read_to_disk(path)
    assert [one.ids.tolist() for one in found.values()] == [[3, 1, 2], [1, 3], [2]]


def test_rows_without_an_id_are_of_no_object_of_another_plane(tmp_path, monkeypatch):
    monkeypatch.setattr(geojson_lines, "GROUP", 2)
    ring = [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]
    geometry = {"type": "Polygon", "coordinates": ring}
    rows = [
        {"plane_z": z, "plane_t": 0, **({"id": number} if number else {})}
        for z, number in [(0, 1), (0, None), (1, None), (1, 1), (2, None)]
    ]
    features = [{"type": "Feature", "geometry": geometry, "properties": row} for row in rows]
    path = tmp_path / "f.geojsonl"
    path.write_text("\n".join(map(json.dumps, features)))
    read = [one.instances.ids.tolist() for one in formats.read_images(path)]
    assert read == [[1, 2], [3, 1], [4]]
    assert [one.ids.tolist() for one in formats.read_to_disk(path).values()] == read


def test_features_on_several_planes_have_uuids_of_their_own(tmp_path):
    for name in ("a", "b"):
        formats.write_images(tmp_path / f"{name}.geojson", stack([[5], [5], [5]], "times"))
    content = json.loads((tmp_path / "a.geojson").read_text())
    names = [one["id"] for one in content["features"]]
    assert len({*names}) == 3
    assert content["kontur"]["ids"] == dict.fromkeys(names, 5)
    assert (tmp_path / "a.geojson").read_bytes() == (tmp_path / "b.geojson").read_bytes()
    copied = {**content, "features": [*content["features"], content["features"][0]]}
    (tmp_path / "a.geojson").write_text(json.dumps(copied))  # as a person copies an object
    read = [one.instances.ids.tolist() for one in formats.read_images(tmp_path / "a.geojson")]
    assert read == [[5, 6], [5], [5]]


@pytest.mark.parametrize("member", ["with the member", "without the member"])
def test_an_object_of_another_image_becomes_no_part_of_one_here(tmp_path, member):
    entries = stack([{3, 7, 12}, {12}])
    other = stack([{7}])[0]._replace(file_name="g.tif")
    formats.write_images(tmp_path / "f.geojson", entries)
    formats.write_images(tmp_path / "g.geojson", [other])
    content = json.loads((tmp_path / "f.geojson").read_text())
    copied = json.loads((tmp_path / "g.geojson").read_text())["features"][0]
    copied["geometry"]["plane"] = {"c": -1, "z": 1, "t": 0}
    content["features"].append(copied)
    if member == "without the member":
        del content["kontur"]
    (tmp_path / "f.geojson").write_text(json.dumps(content))
    first, second = formats.read_images(tmp_path / "f.geojson")
    assert sorted(first.instances.ids.tolist()) == [3, 7, 12]
    assert sorted(second.instances.ids.tolist()) == [12, 13]
