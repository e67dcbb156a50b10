"""Damaged files of every format, several hundred, made by code and the same in every run.

Two kinds: a sound file of each format that is cut short, overwritten or called something else; and
files whose outlines, numbers and names are what no program should write. Each is a name and its
content; none is an attack on another program, since no other program reads them.
"""

import base64
import gzip
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
from kontur.images.zarr_store import files_of
from tests.formats import scenes
from tests.formats.wrong_outlines import (
    JSON,
    NAMES,
    RINGS,
    SIZES,
    TEXT,
    circle,
    coco,
    geojson,
    label_studio,
    labelme,
)

Content = bytes | dict[str, bytes]  # of a file, or of the files of a store


def files() -> Iterator[tuple[str, Content]]:
    """The name and content of every file of the corpus."""
    yield from _broken()
    yield from _strange()
    yield from _deep()
    yield from _archives()
    yield from _inside()
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


def _inside() -> Iterator[tuple[str, Content]]:
    """Files inside files: pictures in labelme files, JSON in zips and behind gzip."""
    picture = _png(np.eye(10, 12, dtype=np.uint8))
    huge = picture[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + picture[24:]
    code = base64.b64encode(picture).decode()
    for what, data in {
        "cut": code[: len(code) // 2],
        "odd": code[:-1],
        "letters": code.replace("A", "?", 1),
        "blanks": code[:40] + " \n" + code[40:],
        "huge": base64.b64encode(huge).decode(),
        "magic": base64.b64encode(b"GIF89a" + picture[8:]).decode(),
        "words": "no picture",
        "empty": "",
        "number": 7,
        "list": [code],
        "pickle": base64.b64encode(pickle.dumps(Stolen())).decode(),
        "zip": base64.b64encode(_zip({"../../stolen.png": picture})).decode(),
        "zeros": base64.b64encode(bytes(3_000_000)).decode(),
    }.items():
        yield f"picture {what}.labelme.json", _text(labelme(circle(8)) | {"imageData": data})
    plain = _text(geojson(circle(8)))
    packed = {".zip": _zip({"a.geojson": plain}), ".geojson.gz": gzip.compress(plain, mtime=0)}
    for ending, whole in packed.items():
        for at in range(0, len(whole), max(1, len(whole) // 12)):
            yield f"packed {at}{ending}", whole[:at] + b"\xff" + whole[at + 1 :]
            yield f"packed cut {at}{ending}", whole[:at]
    blank = b" " * 80_000_000
    yield "packed bomb.geojson.gz", gzip.compress(b"[" + blank, mtime=0)
    yield "packed bomb.zip", _zip({"a.geojson": b"[" + blank}, zipfile.ZIP_DEFLATED)
    yield "packed deep.geojson.gz", gzip.compress(b'{"features":' * 50_000, mtime=0)
    for what, name in NAMES.items():
        yield f"packed {what}.zip", _zip({f"{name or 'x'}.geojson": plain})


def _png(array: np.ndarray) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(array).save(content, format="PNG")
    return content.getvalue()


def _rasters() -> Iterator[tuple[str, Content]]:
    """Label images that claim more than they have, of colours, of fractions."""
    small = _png(np.eye(6, dtype=np.uint8))
    yield "huge.png", small[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + small[24:]
    yield "colours.png", _png(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
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
