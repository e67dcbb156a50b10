"""Outlines, sizes, names and ids that no program should write, in files of every text format.

A builder makes a file of two objects, of which the first has the ring that it is given.
"""

import json
import random
from typing import Any

import numpy as np

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


def via_3(ring: Any = None, name: str = "a.png", ids: Any = (1, 2), **_: Any) -> Any:
    """A project of VIA 3; the size of an image is not in it."""
    points = [p if isinstance(p, list) else [p] for p in ring] if ring else ring
    flat = [v for p in points for v in p] if points else points
    return {
        "project": {"pid": "p", "pname": "p", "vid_list": ["1"]},
        "config": {},
        "attribute": {"1": {"aname": "class", "type": 4, "options": {"0": "cell"}}},
        "file": {"1": {"fid": "1", "fname": name, "type": 2, "src": name}},
        "view": {"1": {"fid_list": ["1"]}},
        "metadata": {
            f"1_{i} {k}": {"vid": "1", "flg": 0, "z": [], "xy": one, "av": {"1": "0"}}
            for k, (i, one) in enumerate(
                zip(ids, [[7, *flat] if flat else flat, [7, 1, 1, 9, 1, 9, 9]], strict=True)
            )
        },
    }


def via_3_table(ring: Any = None, name: str = "a.png", ids: Any = (1, 2), **_: Any) -> str:
    """Its CSV."""
    project = via_3(ring, name, ids)
    rows = [
        [key, [name], one["flg"], one["z"], one["xy"], one["av"]]
        for key, one in project["metadata"].items()
    ]
    cells = [['"' + json.dumps(cell).replace('"', '""') + '"' for cell in row] for row in rows]
    heading = "metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,metadata"
    lines = ['# ATTRIBUTES = {"1":"class"}', f"# CSV_HEADER = {heading}", *map(",".join, cells)]
    return "\n".join(lines)


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
JSON |= {" 3.via.json": via_3}
TEXT = {".cvat.xml": cvat, ".txt": yolo, ".csv": table, " 3.via.csv": via_3_table}
