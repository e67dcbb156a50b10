#!/usr/bin/env bash
# darwin-py (V7) writes COCO of a polygon with a hole.
#
# Guess: it is an object as the one without a hole, with its area.
# What happens: run lengths with iscrowd 1 and area 0; mask and box are a row and a column larger than the polygon's.
# Matters: COCO's evaluation ignores crowds, and readers drop areas of 0: every cell with a hole is gone from training and scores.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check darwin-py==3.6.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import json
import sys
from importlib.metadata import version
from pathlib import Path

from darwin.exporter.formats import coco
from darwin.utils import parse_darwin_json

print(f"darwin-py {version('darwin-py')}")


def square(low, high):
    return [{"x": x, "y": y} for x, y in ((low, low), (high, low), (high, high), (low, high))]


def annotation(name, paths):
    box = {"x": 2, "y": 2, "w": 16, "h": 16}
    return {"id": name, "name": "cell", "polygon": {"paths": paths}, "bounding_box": box, "slot_names": ["0"]}


slot = {"type": "image", "slot_name": "0", "width": 30, "height": 20, "source_files": [{"file_name": "a.png", "url": ""}]}
annotations = [annotation("1", [square(2, 18)]), annotation("2", [square(2, 18), square(6, 14)])]
item = {"name": "a.png", "path": "/", "slots": [slot]}
Path("a.json").write_text(json.dumps({"version": "2.0", "item": item, "annotations": annotations}))
Path("out").mkdir()
coco.export([parse_darwin_json(Path("a.json"))], Path("out"))
(written,) = Path("out").glob("*.json")
found = [(each["area"], each["iscrowd"], each["bbox"]) for each in json.loads(written.read_text())["annotations"]]
print("guess: area 256 and, with the hole, 192; no crowd")
print("found (area, iscrowd, box):", *found)
expected = [(256, 0, [2, 2, 16, 16]), (0, 1, [2, 2, 17, 17])]
sys.exit(0 if found == expected else "the behaviour has changed")
PY
