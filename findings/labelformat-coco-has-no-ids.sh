#!/usr/bin/env bash
# labelformat: a COCO file of two outlines, read and written as COCO again.
#
# Guess: the annotations come back as they were, or with ids of a new count; pycocotools opens the file.
# What happens: annotations are written without "id" and without "area". pycocotools, which keys all it holds by the id,
#   stops with a KeyError; outlines, categories and image ids are as they were.
# Matters: a file that was only passed through cannot be scored, and which object was which is lost: number the
#   annotations from 1 (not 0) and work out the areas before it is used.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check labelformat==0.1.17 pycocotools==2.0.11 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import contextlib
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

from labelformat.formats import COCOInstanceSegmentationInput, COCOInstanceSegmentationOutput
from pycocotools.coco import COCO

print(*(f"{name} {version(name)}" for name in ("labelformat", "pycocotools")), sep=", ")
square = [10, 10, 20, 10, 20, 20, 10, 20]
given = {
    "images": [{"id": 5, "file_name": "a.png", "width": 60, "height": 40}],
    "categories": [{"id": 3, "name": "cell"}],
    "annotations": [
        {"id": number, "image_id": 5, "category_id": 3, "iscrowd": 0, "area": 100}
        | {"segmentation": [square], "bbox": [10, 10, 10, 10]}
        for number in (11, 12)
    ],
}
Path("given.json").write_text(json.dumps(given))
COCOInstanceSegmentationOutput(output_file=Path("out.json")).save(
    COCOInstanceSegmentationInput(input_file=Path("given.json"))
)
annotations = json.loads(Path("out.json").read_text())["annotations"]
opened = {}
for name in ("given.json", "out.json"):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            opened[name] = sorted(COCO(name).anns)
        except KeyError as error:
            opened[name] = f"KeyError {error}"
print("guess: ids and areas in both, and pycocotools opens both")
print(f"found: {sorted(annotations[0])}")
print(f"found: pycocotools reads {opened}")
seen = not {"id", "area"} & set(annotations[0]) and opened["out.json"] == "KeyError 'id'"
sys.exit(0 if seen and opened["given.json"] == [11, 12] else "the behaviour has changed")
PY
