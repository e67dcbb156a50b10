#!/usr/bin/env bash
# Label Studio's converter: a rectangle of 20 x 10 pixels, turned by 30 degrees, in an image of 60 x 40.
#
# Guess: COCO, YOLO and VOC hold the box of its four corners, 22.3 x 18.7 pixels from (15, 10).
# What happens: three answers. YOLO's turned boxes have the right corners. COCO's box is of 24.8 x 15.3 from (12.5, 10),
#   since the corners are turned in percent of width and height, which are not the same length; only in a square image it
#   is right. YOLO's plain boxes and VOC leave the turn out: 20 x 10 from (20, 10).
# Matters: boxes of turned objects are beside them, without a word; turn the corners in pixels.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check label-studio-sdk==2.1.2 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

from label_studio_sdk.converter import Converter
from PIL import Image

print("label-studio-sdk", version("label-studio-sdk"))
SETUP = (
    '<View><Image name="image" value="$image"/><RectangleLabels name="box" toName="image">'
    '<Label value="cell"/></RectangleLabels></View>'
)


def boxes(width, height):
    """x, y, width, height in pixels: of COCO, YOLO, VOC and of the corners of YOLO's turned boxes."""
    folder = Path(f"{width}x{height}").absolute()
    folder.mkdir()
    Image.new("L", (width, height)).save(folder / "a.png")
    value = {"x": 2000 / width, "y": 1000 / height, "width": 2000 / width, "height": 1000 / height, "rotation": 30}
    region = {"id": "r", "from_name": "box", "to_name": "image", "type": "rectanglelabels", "image_rotation": 0}
    region |= {"original_width": width, "original_height": height, "value": value | {"rectanglelabels": ["cell"]}}
    annotation = {"id": 1, "result": [region], "completed_by": {"email": "a"}}
    task = {"id": 1, "data": {"image": str(folder / "a.png")}, "annotations": [annotation]}
    (folder / "tasks.json").write_text(json.dumps([task]))
    converter, tasks = Converter(SETUP, str(folder), download_resources=False), str(folder / "tasks.json")

    def there(name, convert, *kinds, **how):
        out = folder / name
        kinds = {f"output_{kind}_dir": str(out / f"{kind}s") for kind in ("image", *kinds)}
        convert(tasks, str(out), is_dir=False, **kinds, **how)
        return out

    coco = json.loads((there("coco", converter.convert_to_coco) / "result.json").read_text())
    yolo = (there("yolo", converter.convert_to_yolo, "label") / "labels" / "a.txt").read_text().split()
    turned = there("turned", converter.convert_to_yolo, "label", is_obb=True) / "labels" / "a.txt"
    voc = next(there("voc", converter.convert_to_voc).rglob("a.xml")).read_text()
    left, top, right, bottom = (float(re.search(f"<{s}>(.*?)<", voc)[1]) for s in ("xmin", "ymin", "xmax", "ymax"))
    cx, cy, w, h = (float(v) * side for v, side in zip(yolo[1:], (width, height) * 2))
    numbers = [float(v) for v in turned.read_text().split()[1:]]
    xs, ys = [x * width for x in numbers[::2]], [y * height for y in numbers[1::2]]
    corners = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    found = coco["annotations"][0]["bbox"], (cx - w / 2, cy - h / 2, w, h), (left, top, right - left, bottom - top)
    return [tuple(round(float(v), 1) for v in box) for box in (*found, corners)]


oblong, square = boxes(60, 40), boxes(60, 60)
print("guess: (15.0, 10.0, 22.3, 18.7) everywhere")
print("found: COCO, YOLO, VOC, corners of YOLO's turned boxes")
print(f"  60 x 40: {oblong}\n  60 x 60: {square}")
right, plain = (15, 10, 22.3, 18.7), (20, 10, 20, 10)
seen = oblong == [(12.5, 10, 24.8, 15.3), plain, plain, right] and square == [right, plain, plain, right]
sys.exit(0 if seen else "the behaviour has changed")
PY
