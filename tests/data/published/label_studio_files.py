"""Label Studio with polygons, brushes and bit masks."""

import base64
import io

import numpy as np
from PIL import Image

from tests.data.published.scene import HEIGHT, OBJECTS, WIDTH, A, B, images, mask, percent, write


def label_studio(folder):
    """Polygons and brush masks in one task, from files of the machine, of a bucket, and others."""
    images(folder / "images", "a.png", "b.png")
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    more = {"from_name": "label", "to_name": "image", "origin": "manual", **size}
    tasks = []
    for number, place in enumerate(("/data/local-files/?d=set/a.png", "s3://bucket/set/b.png")):
        value = {"points": percent(A), "closed": True, "polygonlabels": ["cell"]}
        results = [
            {"id": "x1", "type": "polygonlabels", "value": value, **more},
            {
                "id": "x2",
                "type": "brushlabels",
                "value": {"format": "rle", "rle": brush(mask(B)), "brushlabels": ["red cell"]},
                **more,
            },
            {
                "id": "x3",
                "type": "keypointlabels",
                "value": {"x": 5, "y": 5, "width": 1, "keypointlabels": ["cell"]},
                **more,
            },
            {"id": "x4", "type": "choices", "from_name": "c", "value": {"choices": ["good"]}},
            {"from_id": "x1", "to_id": "x2", "type": "relation", "direction": "right"},
        ]
        annotation = {"id": 9, "was_cancelled": False, "result": results, "completed_by": 1}
        annotation |= {"ground_truth": False, "lead_time": 3.5, "task": number}
        tasks.append(
            {
                "id": number,
                "annotations": [annotation],
                "predictions": [],
                "file_upload": "",
                "data": {"image": place, "name": "x"},
                "meta": {},
            }
        )
    write(folder / "project-1-at-2026-01-01-10-10-abcdef01.json", tasks)


def label_studio_bit_masks(folder):
    """Masks as pictures, beside a text about a region and an annotation that was cancelled."""
    images(folder, "a.png", "b.png")
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    tasks = []
    for number, name in enumerate("ab"):
        results = []
        for label, ring in OBJECTS:
            content = io.BytesIO()
            pixels = mask(ring) * np.array([0, 0, 0, 255], np.uint8)[:, None, None]
            Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(content, "PNG")
            url = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
            value = {"imageDataURL": url, "bitmasklabels": [label]}
            results.append({"id": label, "type": "bitmasklabels", "value": value, **size})
        text = {"x": 1, "y": 1, "text": ["unsure"]}
        results.append({"id": "cell", "type": "textarea", "value": text, **size})
        cancelled = {"was_cancelled": True, "result": []}
        annotations = [cancelled, {"was_cancelled": False, "result": results}]
        tasks.append({"id": number, "annotations": annotations, "data": {"image": f"{name}.png"}})
    write(folder / "tasks.json", tasks)


def label_studio_regions_and_labels(folder):
    """`Polygon` with `Labels`: a region and its class are two results of one id; `Brush` too."""
    images(folder / "images", "a.png", "b.png")
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    tasks = []
    for number, name in enumerate("ab"):
        code = {"format": "rle", "rle": brush(mask(B))}
        regions = [
            ("x1", "polygon", {"points": percent(A), "closed": True}, "cell"),
            ("x2", "brush", code, "red cell"),
        ]
        results = []
        for key, kind, value, label in regions:
            results.append({"id": key, "type": kind, "value": value, **size})
            results.append(
                {"id": key, "type": "labels", "value": {**value, "labels": [label]}, **size}
            )
        tasks.append(
            {
                "id": number,
                "annotations": [{"result": results}],
                "data": {"img": f"http://localhost:8080/data/upload/3/0a1b2c3d-{name}.png"},
            }
        )
    write(folder / "export.json", tasks)


def brush(pixels):
    """Bytes of opacity in single words, as rle-pack writes what it cannot shorten."""
    content = np.repeat(pixels.ravel() * 255, 4)
    bits = [f"{content.size:032b}", f"{7:05b}", *(f"{n - 1:04b}" for n in (3, 4, 8, 16))]
    for start in range(0, content.size, 1 << 16):
        part = content[start : start + (1 << 16)]
        bits += ["0", "11", f"{part.size - 1:016b}", *(f"{value:08b}" for value in part)]
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return [int(text[i : i + 8], 2) for i in range(0, len(text), 8)]
