#!/usr/bin/env bash
# PyLabel: a COCO file with the categories 1 (cell) and 3 (dead), outlines, one of two parts, and a mask (RLE), to YOLO.
#
# Guess: rows begin with a class's place in the YAML's list of names, 0 and 1; both parts, or a word about the second;
#   a mask is refused; and all of them are in a COCO file written again.
# What happens: rows begin with the category's id, 1 and 3, while the YAML says names: [cell, dead] and nc: 2. Read
#   again by PyLabel itself every cell is dead, and what was dead has no name. Of an outline only the first part is written.
#   A mask ends in "string index out of range", with the rows before it written; in COCO it becomes "segmentation": null.
# Matters: almost all COCO files count from 1, so that a network learns each class under its neighbour's name, and
#   trains without a word where ids have no gaps but the last. Give cat_id_index=0 to the export, and make parts
#   objects and masks polygons first.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pylabel==0.1.55 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> /dev/null <<'PY'
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image
from pylabel import importer

print(*(f"{name} {version(name)}" for name in ("pylabel", "numpy")), sep=", ")
Path("images").mkdir()
Image.fromarray(np.zeros((100, 100, 3), np.uint8)).save("images/a.png")
square = [10, 10, 20, 10, 20, 20, 10, 20]
parts = [[30, 30, 40, 30, 40, 40, 30, 40], [50, 50, 60, 50, 60, 60, 50, 60]]
mask = {"size": [100, 100], "counts": [505, 10, 9485]}
outlined = [
    {"id": 1, "category_id": 1, "segmentation": [square], "bbox": [10, 10, 10, 10], "area": 100, "iscrowd": 0},
    {"id": 2, "category_id": 3, "segmentation": parts, "bbox": [30, 30, 30, 30], "area": 200, "iscrowd": 0},
]
masked = {"id": 3, "category_id": 1, "segmentation": mask, "bbox": [5, 5, 1, 10], "area": 10, "iscrowd": 1}


def dataset(annotations):
    coco = {
        "images": [{"id": 1, "width": 100, "height": 100, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "cell"}, {"id": 3, "name": "dead"}],
        "annotations": [{"image_id": 1, **annotation} for annotation in annotations],
    }
    Path("coco.json").write_text(json.dumps(coco))
    return importer.ImportCoco("coco.json", path_to_images="images", name="cells")


def rows(annotations, folder, **options):
    dataset(annotations).export.ExportToYoloV5(output_path=folder, yaml_file="data.yaml", **options)
    return [row.split() for row in Path(folder, "a.txt").read_text().splitlines()]


plain = rows(outlined, "plain", segmentation=True)
names = [line for line in Path("data.yaml").read_text().splitlines() if line.startswith(("- ", "nc"))]
rows(outlined, "boxes")
again = importer.ImportYoloV5(path="boxes", path_to_images="../images", img_ext="png", cat_names=["cell", "dead"])
read = again.df["cat_name"].tolist()
indexed = [row[0] for row in rows(outlined, "indexed", segmentation=True, cat_id_index=0)]
try:
    rows([*outlined, masked], "masked", segmentation=True)
    said = None
except IndexError as error:
    said = str(error)
dataset([*outlined, masked]).export.ExportToCoco(output_path="again.json")
kept = [row["segmentation"] for row in json.loads(Path("again.json").read_text())["annotations"]]
numbers = [row[0] for row in plain], [(len(row) - 1) // 2 for row in plain]
print("guess: classes 0 and 1, outlines of 4 points and of 8 or two rows; cell and dead when read; the mask refused")
print(f"found: classes and points {numbers}, YAML {names}, read as {read}; with cat_id_index=0 {indexed}")
print(f"  the mask: {said!r} in YOLO, {kept[2]} in COCO")
seen = numbers == (["1", "3"], [4, 4]) and names == ["- cell", "- dead", "nc: 2"] and read == ["dead", ""]
changed = kept[2] is None and said == "string index out of range"
fine = indexed == ["0", "1"] and kept[:2] == [[square], parts]
sys.exit(0 if seen and fine and changed else "the behaviour has changed")
PY
