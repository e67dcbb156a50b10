"""What programs write that Kontur reads: shapes drawn by chance, encoded here, and read back.

Every encoder is written for the test, from the description of the format.
"""

import json
import pickle
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import affinity

from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances

HEIGHT, WIDTH = 24, 32
NEAR = 0.02  # of a curve of 128 points, and of coordinates with three decimals
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
LABELS = st.sampled_from(["cell", "red cell", "Zelle ä", "细胞", "a;b,c"])
SIDE = st.integers(1, 9)


@st.composite
def boxes(draw):
    """A rectangle, an ellipse or a polygon in a box, with the angle by which it is turned."""
    x, y, width, height = draw(SIDE), draw(SIDE), draw(SIDE) + 1, draw(SIDE) + 1
    kind = draw(st.sampled_from(["rectangle", "ellipse", "polygon"]))
    return kind, x, y, width, height, draw(st.sampled_from([0, 0, 30, 90, 225])), draw(LABELS)


def ring(box):
    _, x, y, width, height, *_ = box
    return [[x, y], [x + width, y + 0.5], [x + width, y + height], [x, y + height]]


def area(box, *, centre):
    """The shape that is meant; it turns around its centre, or its first corner."""
    kind, x, y, width, height, angle, _ = box
    if kind == "polygon":
        return shapely.Polygon(ring(box))
    around = (x + width / 2, y + height / 2)
    if kind == "rectangle":
        return affinity.rotate(
            shapely.box(x, y, x + width, y + height), angle, around if centre else (x, y)
        )
    unit = shapely.Point(0, 0).buffer(1, quad_segs=64)
    turned = affinity.rotate(affinity.scale(unit, width / 2, height / 2), angle, (0, 0))
    return affinity.translate(turned, *around)


masks = st.builds(
    lambda seed, share: np.random.default_rng(seed).random((HEIGHT, WIDTH)) < share,
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.02, 0.5, 0.98]),
).filter(np.any)


def assert_read(path, expected, labels):
    (entry,) = formats.read_images(path, size=(HEIGHT, WIDTH))
    found = entry.instances
    assert [found.classes[label] for label in found.labels] == labels
    for polygon, wanted in zip(found.polygons, expected, strict=True):
        assert polygon.symmetric_difference(wanted).area <= NEAR * wanted.length


def mask_outline(mask):
    return Instances.from_masks([mask]).polygons[0]


@FEW
@given(st.lists(boxes() | st.tuples(st.just("mask"), masks, LABELS), max_size=4))
def test_shapes_of_cvat(tmp_path, drawn):
    rows, expected = [], []
    for one in drawn:
        label = quoteattr(one[-1])
        if one[0] == "mask":
            flat = one[1].ravel()
            ends = np.flatnonzero(np.diff(np.concatenate([[0], flat, [2]])))
            rle = ", ".join(map(str, np.diff([0, *ends])))
            place = f'left="0" top="0" width="{WIDTH}" height="{HEIGHT}"'
            rows.append(f'<mask label={label} rle="{rle}" {place}></mask>')
            expected.append(mask_outline(one[1]))
            continue
        kind, x, y, width, height, angle, _ = one
        turned = f'rotation="{angle}"' if angle else ""
        if kind == "polygon":
            points = ";".join(f"{px:.2f},{py:.2f}" for px, py in ring(one))
            rows.append(f'<polygon label={label} points="{points}"></polygon>')
        elif kind == "rectangle":
            corners = f'xtl="{x}.00" ytl="{y}.00" xbr="{x + width}.00" ybr="{y + height}.00"'
            rows.append(f"<box label={label} {corners} {turned}></box>")
        else:
            middle = f'cx="{x + width / 2}" cy="{y + height / 2}"'
            rows.append(
                f'<ellipse label={label} {middle} rx="{width / 2}" ry="{height / 2}" {turned} />'
            )
        expected.append(area(one, centre=True))
    image = f'<image id="0" name="a.png" width="{WIDTH}" height="{HEIGHT}">{"".join(rows)}</image>'
    path = tmp_path / "a.xml"
    path.write_text(f"<annotations><version>1.1</version>{image}</annotations>", encoding="utf-8")
    assert_read(path, expected, [one[-1] for one in drawn])


def packed(content, draw):
    """rle-pack's code of bytes: words of 8 bits, runs and stretches of chance lengths."""
    lengths = (3, 4, 8, 16)
    bits = [f"{len(content):032b}", f"{7:05b}", *(f"{length - 1:04b}" for length in lengths)]
    at = 0
    while at < len(content):
        which = draw(st.integers(0, 3))
        most = min(2 ** lengths[which], len(content) - at)
        same = 1
        while same < most and content[at + same] == content[at]:
            same += 1
        repeated = same > 1
        count = same if repeated else draw(st.integers(1, min(most, 9)))
        words = content[at : at + 1] if repeated else content[at : at + count]
        bits += [str(int(repeated)), f"{which:02b}", f"{count - 1:0{lengths[which]}b}"]
        bits += [f"{value:08b}" for value in words]
        at += count
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return [int(text[i : i + 8], 2) for i in range(0, len(text), 8)]


@FEW
@given(st.lists(boxes() | st.tuples(st.just("mask"), masks, LABELS), max_size=3), st.data())
def test_regions_of_label_studio(tmp_path, drawn, data):
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    share = np.array([100 / WIDTH, 100 / HEIGHT])
    results, expected = [], []
    for one in drawn:
        if one[0] == "mask":
            content = np.repeat(one[1].ravel() * 255, 4).tolist()
            kind, value = "brush", {"format": "rle", "rle": packed(content, data.draw)}
            expected.append(mask_outline(one[1]))
        else:
            kind, x, y, width, height, angle, _ = one
            if kind == "polygon":
                value = {"points": (np.array(ring(one)) * share).tolist(), "closed": True}
            elif kind == "rectangle":
                place, sides = np.array([x, y]) * share, np.array([width, height]) * share
                value = {"x": place[0], "y": place[1], "width": sides[0], "height": sides[1]}
            else:
                place = np.array([x + width / 2, y + height / 2]) * share
                radii = np.array([width, height]) / 2 * share
                value = {"x": place[0], "y": place[1], "radiusX": radii[0], "radiusY": radii[1]}
            value["rotation"] = angle
            expected.append(area(one, centre=False))
        value = {key: float(v) if isinstance(v, np.floating) else v for key, v in value.items()}
        kind = f"{kind}labels"
        results.append({"type": kind, "value": {**value, kind: [one[-1]]}, **size})
    task = {"id": 1, "data": {"image": "/data/upload/a.png"}, "annotations": [{"result": results}]}
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task]))
    if not drawn:
        assert len(formats.read(path)) == 0
        return
    assert_read(path, expected, [one[-1] for one in drawn])


@FEW
@given(st.lists(boxes(), max_size=4), st.sampled_from(["via2", "via3", "csv"]))
def test_regions_of_via(tmp_path, drawn, form):
    regions, marks, expected = [], {}, []
    for number, one in enumerate(drawn):
        kind, x, y, width, height, angle, label = one
        if kind == "polygon":
            xs, ys = map(list, zip(*ring(one), strict=True))
            shape = {"name": kind, "all_points_x": xs, "all_points_y": ys}
            place = [7, *(v for point in ring(one) for v in point)]
        elif kind == "rectangle":
            shape = {"name": "rect", "x": x, "y": y, "width": width, "height": height}
            place = [2, x, y, width, height]
        else:
            shape = {"name": "ellipse", "cx": x + width / 2, "cy": y + height / 2}
            shape |= {"rx": width / 2, "ry": height / 2, "theta": np.deg2rad(angle)}
            place = [4, shape["cx"], shape["cy"], shape["rx"], shape["ry"]]
        turns = kind == "ellipse" and form != "via3"
        expected.append(area((*one[:5], angle if turns else 0, label), centre=True))
        regions.append({"shape_attributes": shape, "region_attributes": {"type": label}})
        marks[str(number)] = {"vid": "1", "flg": 0, "z": [], "xy": place, "av": {"1": label}}
    path = tmp_path / ("a.csv" if form == "csv" else "a.json")
    if form == "via2":
        content = {"a.png9": {"filename": "a.png", "size": 9, "regions": regions}}
        path.write_text(json.dumps({"_via_img_metadata": content}))
    elif form == "via3":
        store = {"project": {}, "config": {}, "attribute": {"1": {"aname": "type", "type": 1}}}
        store |= {"file": {"1": {"fid": "1", "fname": "a.png"}}, "metadata": marks}
        path.write_text(json.dumps({**store, "view": {"1": {"fid_list": ["1"]}}}))
    else:
        heading = "filename,file_size,file_attributes,region_count,region_id,"
        lines = [heading + "region_shape_attributes,region_attributes"]
        for number, one in enumerate(
            regions or [{"shape_attributes": {}, "region_attributes": {}}]
        ):
            cells = [json.dumps(one[name]) for name in ("shape_attributes", "region_attributes")]
            quoted = ",".join('"' + text.replace('"', '""') + '"' for text in cells)
            lines.append(f'a.png,9,"{{}}",{len(regions)},{number},{quoted}')
        path.write_text("\n".join(lines), encoding="utf-8")
    assert_read(path, expected, [one[-1] for one in drawn])


@FEW
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["u1", "<u2", "<u4", "<i4", "<i8", ">u2"]),
    protocol=st.integers(2, 5),
    leading=st.booleans(),
    fortran=st.booleans(),
    more=st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda name: name not in ("masks", "filename")),
        st.none() | st.integers() | st.floats() | st.text() | st.lists(st.booleans()),
        max_size=4,
    ),
)
def test_masks_of_cellpose(tmp_path, seed, kind, protocol, leading, fortran, more):
    labels = np.random.default_rng(seed).integers(0, 5, (6, 9)).astype(kind)
    masks = np.array(labels[None] if leading else labels, order="F" if fortran else "C")
    content = np.empty((), dtype=object)
    content[()] = {**more, "masks": masks, "filename": "C:\\images\\a.tif"}
    path = tmp_path / "a_seg.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        pickle.dump(content, file, protocol=protocol)
    (entry,) = formats.read_images(path)
    assert entry.file_name == "a.tif"
    assert np.array_equal(entry.instances.label_image(), labels)


@pytest.mark.parametrize("kind", [np.float32, np.complex64, "S3"])
def test_masks_of_cellpose_that_are_no_whole_numbers_are_refused(tmp_path, kind):
    np.save(tmp_path / "a_seg.npy", {"masks": np.zeros((3, 4), dtype=kind)})
    with pytest.raises(InputError, match=r"masks|holds an array"):
        formats.read(tmp_path / "a_seg.npy")
