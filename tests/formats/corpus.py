"""Damaged files of every format, several hundred, made by code and the same in every run.

Two kinds: a sound file of each format that is cut short, overwritten or called something else; and
files whose outlines, numbers and names are what no program should write. Each is a name and its
content; none is an attack on another program, since no other program reads them.
"""

import io
import json
import pickle
import random
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import zarr

from kontur import formats
from kontur.formats import ImageAnnotation
from kontur.formats.zarr_store import files_of
from tests.formats import scenes

Content = bytes | dict[str, bytes]  # of a file, or of the files of a store
NAN, INF = float("nan"), float("inf")


def circle(points: int, radius: float = 9.0) -> list[list[float]]:
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return (10 + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)).round(4).tolist()


def scribble(points: int) -> list[list[float]]:
    rng = random.Random(points)
    return [[rng.uniform(0, 20), rng.uniform(0, 20)] for _ in range(points)]


RINGS: dict[str, Any] = {
    "bow": [[1, 1], [9, 9], [9, 1], [1, 9]],
    "nan": [[1, 1], [9, NAN], [9, 9]],
    "infinite": [[1, 1], [INF, 1], [9, 9]],
    "far": [[1, 1], [1e300, 1], [9, 9]],
    "far-left": [[-1e12, 1], [5, 1], [9, 9]],
    "two points": [[1, 1], [9, 9]],
    "one point": [[3, 3]] * 4,
    "no points": [],
    "spike": [[1, 1], [9, 1], [5, 1]],
    "needle": [[1, 1], [9, 1], [9, 1 + 1e-12]],
    "words": [["a", "b"], [1, 2], [3, 4]],
    "flat": [1, 2, 3, 4, 5, 6],
    "three numbers": [[1, 1, 5], [9, 1, 5], [9, 9, 5]],
    "ragged": [[1, 1], [9], [9, 9]],
    "null": None,
    "eight": [[1, 1], [5, 5], [9, 1], [9, 9], [5, 5], [1, 9]],
    "long": circle(100_000),
    "scribble": scribble(20_000),
}
NAMES = {
    "above": "../../stolen.png",
    "root": "/etc/stolen.png",
    "drive": "C:\\stolen.png",
    "backslashes": "..\\..\\stolen.png",
    "zero": "a\0b.png",
    "empty": "",
    "endless": "x" * 5000 + ".png",
    "folder": "..",
}
SIZES = {
    "huge": (10**9, 10**9),
    "negative": (-4, 5),
    "zero": (0, 0),
    "half": (10.5, 12),
    "words": ("a", "b"),
    "digits": (10**40, 12),
}


def geojson(ring: Any = None, name: str = "a.png", size: Any = (10, 12), ids: Any = (1, 2)) -> Any:
    """Two objects, the first of the `ring`."""
    rings = [ring if ring is not None else RINGS["null"], circle(8)]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": i,
                "geometry": {"type": "Polygon", "coordinates": [one]},
                "properties": {"name": name, "kontur": {"id": i, "size": list(size)}},
            }
            for i, one in zip(ids, rings, strict=True)
        ],
    }


def coco(ring: Any = None, name: str = "a.png", size: Any = (10, 12), ids: Any = (1, 2)) -> Any:
    flat = [v for p in ring for v in (p if isinstance(p, list) else [p])] if ring else ring
    return {
        "images": [{"id": 1, "file_name": name, "height": size[0], "width": size[1]}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": 1, "segmentation": [one], "iscrowd": 0}
            for i, one in zip(ids, [flat, [1, 1, 9, 1, 9, 9]], strict=True)
        ],
    }


def labelme(ring: Any = None, name: str = "a.png", size: Any = (10, 12), ids: Any = (1, 2)) -> Any:
    shapes = [
        {"label": "cell", "points": one, "group_id": i, "shape_type": "polygon", "flags": {}}
        for i, one in zip(ids, [ring, circle(8)], strict=True)
    ]
    image = {"imagePath": name, "imageHeight": size[0], "imageWidth": size[1], "imageData": None}
    return {"version": "5.4.1", "flags": {}, "shapes": shapes, **image}


def via(ring: Any = None, name: str = "a.png", size: Any = (10, 12), ids: Any = (1, 2)) -> Any:
    pairs = [p if isinstance(p, list) else [p] for p in ring] if ring else []
    regions = [
        {
            "shape_attributes": {
                "name": "polygon",
                "all_points_x": [p[0] for p in one],
                "all_points_y": [p[-1] for p in one],
            },
            "region_attributes": {"class": "cell", "kontur_id": str(i)},
        }
        for i, one in zip(ids, [pairs, circle(8)], strict=True)
    ]
    file = {"filename": name, "size": 7, "regions": regions}
    return {f"{name}7": {**file, "file_attributes": {"kontur_size": f"{size[0]}x{size[1]}"}}}


def label_studio(
    ring: Any = None, name: str = "a.png", size: Any = (10, 12), ids: Any = (1, 2)
) -> Any:
    results = [
        {
            "id": str(i),
            "type": "polygonlabels",
            "original_height": size[0],
            "original_width": size[1],
            "value": {"points": one, "polygonlabels": ["cell"]},
        }
        for i, one in zip(ids, [ring, circle(8)], strict=True)
    ]
    return [{"id": 1, "data": {"image": name}, "annotations": [{"result": results}]}]


def text_ring(ring: Any, between: str, after: str) -> str:
    points = [p if isinstance(p, list) else [p] for p in ring or []]
    return after.join(between.join(map(str, p)) for p in points)


def cvat(ring: Any = None, name: str = "a.png", size: Any = (10, 12), ids: Any = (1, 2)) -> str:
    rows = "".join(
        f'<polygon label="cell" points="{text_ring(one, ",", ";")}" group_id="{i}"/>'
        for i, one in zip(ids, [ring, circle(8)], strict=True)
    )
    name = name.replace("\0", "&#0;")
    image = f'<image id="0" name="{name}" width="{size[1]}" height="{size[0]}">{rows}</image>'
    return f"<annotations><version>1.1</version>{image}</annotations>"


def yolo(ring: Any = None, **_: Any) -> str:
    if isinstance(ring, list) and ring and isinstance(ring[0], list):
        ring = [[v / 20 if isinstance(v, float | int) else v for v in p] for p in ring]
    return f"0 {text_ring(ring, ' ', ' ')}\n0 0.1 0.1 0.5 0.1 0.5 0.5\n"


def table(ring: Any = None, name: str = "a.png", size: Any = (10, 12), ids: Any = (1, 2)) -> str:
    rows = [
        f'{name},{i},cell,{size[0]},{size[1]},"POLYGON (({text_ring(one, " ", ", ")}))"'
        for i, one in zip(ids, [[*one, *one[:1]] for one in (ring or [], circle(8))], strict=True)
    ]
    return "\n".join(["image,id,class,image_height,image_width,outline", *rows])


JSON = {".geojson": geojson, ".coco.json": coco, ".labelme.json": labelme, ".via.json": via}
JSON |= {".json": label_studio}
TEXT = {".cvat.xml": cvat, ".txt": yolo, ".csv": table}


def files() -> Iterator[tuple[str, Content]]:
    """The name and content of every file of the corpus."""
    yield from _broken()
    yield from _strange()
    yield from _deep()
    yield from _archives()
    yield from _pickles()
    yield from _rasters()


def _sound() -> Iterator[tuple[str, Content]]:
    """A sound file of every format."""
    import tempfile

    found = scenes.ring_with_island()
    with tempfile.TemporaryDirectory() as folder:
        for one in formats.WRITABLE.values():
            for ending in (
                one.endings if one.name in ("labels", "via", "imagej") else one.endings[:1]
            ):
                path = Path(folder) / f"a{ending}"
                kept = found[[0]] if ending == ".roi" else found
                formats.write_images(path, [ImageAnnotation("p/a.png", kept.size, kept)])
                yield ending, scenes.content(path)
    yield ".json", json.dumps(label_studio(circle(5))).encode()
    buffer = io.BytesIO()
    np.save(buffer, {"masks": np.eye(5, dtype=np.uint16), "filename": "a.png"}, allow_pickle=True)
    yield "_seg.npy", buffer.getvalue()


def _broken() -> Iterator[tuple[str, Content]]:
    """Sound files cut short, overwritten, doubled, in other letters, or called something else."""
    rng = random.Random(13)
    sound = list(_sound())
    for ending, whole in sound:
        parts = whole if isinstance(whole, dict) else {"": whole}
        for number, part in enumerate(parts):
            content = parts[part]
            n = len(content)
            made = {
                **{f"cut{share}": content[: n * share // 16] for share in (0, 1, 5, 11, 15)},
                "magic": b"\0\xff\0\xff" + content[4:],
                "zeros": content[: n // 2] + bytes(64) + content[n // 2 + 64 :],
                "doubled": content * 2,
                "wide": content.decode("latin-1").encode("utf-16"),
            }
            for k in range(6):
                at, other = rng.randrange(n), rng.choice(b'\0\xff"[{9-,<')
                made[f"byte{k}"] = content[:at] + bytes([other]) + content[at + 1 :]
            for what, damaged in made.items():
                whole_again = {**parts, part: damaged} if part else damaged
                yield f"{what}-{number}{ending}", whole_again
    for (ending, _), (_, other) in zip(sound, sound[1:] + sound[:1], strict=True):
        if isinstance(other, bytes) and ending != ".labels.ome.zarr":
            yield f"other{ending}", other


def _strange() -> Iterator[tuple[str, Content]]:
    """Outlines, sizes, names and ids that no program should write."""
    good = circle(12)
    for ending, build in {**JSON, **TEXT}.items():
        for what, ring in RINGS.items():
            yield f"ring {what}{ending}", _text(build(ring))
        for what, name in NAMES.items():
            yield f"name {what}{ending}", _text(build(good, name=name))
        for what, size in SIZES.items():
            yield f"size {what}{ending}", _text(build(good, size=size))
        for what, ids in {"twice": (3, 3), "order": (9, 2), "huge": (10**30, -1)}.items():
            yield f"ids {what}{ending}", _text(build(good, ids=ids))
    for what, counts in {
        "bomb": "P`" * 9,
        "long": [10**12, 5],
        "negative": [-5, 20],
        "words": ["a"],
        "short": [1],
        "letters": "\xff\xfe~~",
        "many": [1] * 200_000,
    }.items():
        whole = coco([1, 1, 2, 2, 3, 3])
        whole["annotations"][0]["segmentation"] = {"counts": counts, "size": [10, 12]}
        yield f"runs {what}.coco.json", _text(whole)
        whole["annotations"][0]["segmentation"]["size"] = [10**6, 10**6]
        yield f"runs huge {what}.coco.json", _text(whole)


def _text(content: Any) -> bytes:
    text = content if isinstance(content, str) else json.dumps(content)
    return text.encode("utf-8", "surrogatepass")


def _deep() -> Iterator[tuple[str, Content]]:
    """Nesting and numbers at which parsers fail."""
    for ending in JSON:
        yield f"deep list{ending}", b"[" * 100_000
        yield f"deep object{ending}", b'{"features":' * 50_000
        yield f"digits{ending}", b'{"images": ' + b"9" * 100_000 + b"}"
    yield "deep.cvat.xml", b"<annotations>" + b"<image>" * 100_000
    entity = b'<!DOCTYPE a [<!ENTITY a "xxxxxxxxxx">' + b"".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9)
    )
    yield "entities.cvat.xml", entity + b"]><annotations>&j;</annotations>"
    yield "columns.csv", b"outline" + b",x" * 100_000 + b"\n" + b"1,2\n" * 10
    yield "quote.csv", b'image,id,outline\n"' + b"x" * 1_000_000
    yield "numbers.txt", b"0 " + b"0.5 " * 300_001


def _archives() -> Iterator[tuple[str, Content]]:
    """Zips of ROIs: names that leave the folder, claims, ROIs of no sense."""
    roi = _roi(shapely.box(1, 1, 4, 5))
    for what, name in NAMES.items():
        yield f"name {what}.zip", _zip({f"{name or 'x'}.roi": roi})
    yield "bomb.zip", _zip({"a.roi": b"Iout" + bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    yield "twice.zip", _zip({"a.roi": roi, "A.roi": roi, "b/a.roi": roi})
    for at in range(4, 64, 2):  # every field of the heading
        yield f"field{at}.roi", roi[:at] + b"\xff\xfe" + roi[at + 2 :]
    points = struct.pack(">h", -7)
    yield "coordinates.roi", roi[:16] + points + roi[18:]


def _roi(shape: shapely.Polygon) -> bytes:
    import tempfile

    from kontur.instances import Instances

    with tempfile.TemporaryDirectory() as folder:
        formats.write(Path(folder) / "a.roi", Instances.of([shape], size=(10, 12)))
        return (Path(folder) / "a.roi").read_bytes()


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return content.getvalue()


class Stolen:
    """What a pickle must not do."""

    def __reduce__(self) -> Any:
        return open, ("stolen", "w")


def _pickles() -> Iterator[tuple[str, Content]]:
    """Arrays of NumPy with objects inside, and arrays that claim what they have not."""
    header = "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}"
    for what, value in {"call": Stolen(), "inside": {"masks": Stolen()}, "list": [1, 2]}.items():
        head = header.format("|O", "()").ljust(117) + "\n"
        start = b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head.encode()
        yield f"{what}_seg.npy", start + pickle.dumps(value)
    for what, (kind, shape) in {
        "huge": ("<u2", "(1000000, 1000000)"),
        "negative": ("<u2", "(-1, 5)"),
        "words": ("<U9", "(2, 2)"),
        "none": ("<u2", "()"),
        "deep": ("<u2", "(1," * 40 + ")"),
    }.items():
        head = header.format(kind, shape).ljust(117) + "\n"
        start = b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head.encode()
        yield f"{what}_seg.npy", start + bytes(64)


def _rasters() -> Iterator[tuple[str, Content]]:
    """Label images that claim more than they have, of colours, of fractions."""
    from PIL import Image

    def png(array: np.ndarray) -> bytes:
        content = io.BytesIO()
        Image.fromarray(array).save(content, format="PNG")
        return content.getvalue()

    small = png(np.eye(6, dtype=np.uint8))
    yield "huge.png", small[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + small[24:]
    yield "colours.png", png(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    for what, change in {
        "shape": {"shape": [10**9, 10**9]},
        "chunks": {"shape": [10**9, 10**9]},
        "kind": {"data_type": "complex128"},
        "codec": {"codecs": [{"name": "no such"}]},
        "rank": {"shape": [6]},
        "fill": {"fill_value": "NaN"},
        "negative": {"shape": [-5, 6]},
    }.items():
        yield f"{what}.labels.ome.zarr", _store(change)


def _store(change: dict[str, Any]) -> Content:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.labels.ome.zarr"
        formats.write(path, scenes.ring_with_island())
        assert zarr.open_group(str(path), mode="r")
        words = json.loads((path / "0" / "zarr.json").read_text())
        (path / "0" / "zarr.json").write_text(json.dumps(words | change))
        return {f.relative_to(path).as_posix(): f.read_bytes() for f in files_of(path)}
