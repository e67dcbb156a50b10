"""Folders as other programs export them today and wrote them years ago, straight into training."""

import json

import numpy as np
import pytest

from kontur.data.folder import open_folder
from tests.data import drawn

A = [[10.5, 10.2], [30.1, 11], [29, 35.7], [12, 33]]
B = [[50, 20], [58, 20], [58, 38], [50, 38]]
HEIGHT, WIDTH = drawn.squares().shape


def images(folder, *names):
    for name in names:
        drawn.save(folder / name, drawn.picture())


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def labelme_3(folder):
    """Before shapes had types and groups, with the colours of lines."""
    for name in "ab":
        images(folder, f"{name}.png")
        colours = {"line_color": None, "fill_color": None}
        shapes = [
            {"label": label, "points": p, **colours} for label, p in (("cell", A), ("rbc", B))
        ]
        whole = {"lineColor": [0, 255, 0, 128], "fillColor": [255, 0, 0, 128], "flags": {}}
        write(
            folder / f"{name}.json",
            {**whole, "shapes": shapes, "imagePath": f"{name}.png", "imageData": "aGk="},
        )


def roboflow_coco(folder):
    """A file in each split, and a category 0 that is the project."""
    for split in ("train", "valid"):
        names = [f"{split}{i}_png.rf.0a{i}.png" for i in range(2)]
        images(folder / split, *names)
        annotations = [
            {"id": 2 * i + k, "image_id": i, "category_id": k + 1, "iscrowd": 0, "area": 5,
             "bbox": [1, 2, 3, 4], "segmentation": [[v for p in ring for v in p]]}
            for i in range(2) for k, ring in enumerate((A, B))
        ]  # fmt: skip
        none = {"id": 0, "name": "cells", "supercategory": "none"}
        names_of = [
            none,
            *(
                {"id": k + 1, "name": n, "supercategory": "cells"}
                for k, n in enumerate(("cell", "rbc"))
            ),
        ]
        rows = [
            {
                "id": i,
                "file_name": n,
                "height": HEIGHT,
                "width": WIDTH,
                "license": 1,
                "extra": {"name": "a"},
            }
            for i, n in enumerate(names)
        ]
        write(
            folder / split / "_annotations.coco.json",
            {
                "info": {},
                "licenses": [],
                "categories": names_of,
                "images": rows,
                "annotations": annotations,
            },
        )


def yolo_lines():
    return "\n".join(
        f"{k} " + " ".join(f"{x / WIDTH:.6f} {y / HEIGHT:.6f}" for x, y in ring)
        for k, ring in enumerate((A, B))
    )


def roboflow_yolo(folder):
    """Splits first, and a list of names beside paths that lead elsewhere."""
    for split in ("train", "valid"):
        images(folder / split / "images", f"{split}.png")
        write(folder / split / "labels" / f"{split}.txt", yolo_lines())
    write(
        folder / "data.yaml",
        "train: ../train/images\nval: ../valid/images\n\nnc: 2\nnames: ['cell', 'rbc']\n",
    )


def ultralytics(folder):
    """Splits below images/ and labels/, and a yaml of another name with numbered names."""
    for split in ("train", "val"):
        images(folder / "images" / split, f"{split}.png")
        write(folder / "labels" / split / f"{split}.txt", yolo_lines())
    write(
        folder / "cells.yaml",
        "path: ../datasets/cells\ntrain: images/train\nnames:\n  0: cell\n  1: rbc\n",
    )


def cvat(folder):
    images(folder / "images", "f_0.png", "f_1.png")
    shapes = "".join(
        f'<polygon label="{label}" source="manual" occluded="0" z_order="0" '
        f'points="{";".join(f"{x:.2f},{y:.2f}" for x, y in ring)}">\n</polygon>\n'
        for label, ring in (("cell", A), ("rbc", B))
    )
    rows = "".join(
        f'<image id="{i}" name="f_{i}.png" width="{WIDTH}" height="{HEIGHT}">{shapes}</image>'
        for i in range(2)
    )
    write(
        folder / "annotations.xml",
        f'<?xml version="1.0"?>\n<annotations><version>1.1</version>{rows}</annotations>',
    )


def via_1(folder):
    """Regions by number, a file reference and no project around."""
    images(folder, "0.png", "1.png")
    regions = {
        str(k): {
            "shape_attributes": {
                "name": "polygon",
                "all_points_x": [p[0] for p in ring],
                "all_points_y": [p[1] for p in ring],
            },
            "region_attributes": {"type": label},
        }
        for k, (label, ring) in enumerate((("cell", A), ("rbc", B)))
    }
    files = {
        f"{i}.png9": {
            "fileref": "",
            "size": 9,
            "filename": f"{i}.png",
            "base64_img_data": "",
            "file_attributes": {},
            "regions": regions,
        }
        for i in range(2)
    }
    write(folder / "via_region_data.json", files)


def shares(ring):
    return [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in ring]


def label_studio(folder):
    images(folder / "images", "c0.png", "c1.png")
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    results = [
        {
            **size,
            "id": label,
            "type": "polygonlabels",
            "value": {"points": shares(ring), "closed": True, "polygonlabels": [label]},
        }
        for label, ring in (("cell", A), ("rbc", B))
    ]
    write(
        folder / "project.json",
        [
            {
                "id": i,
                "data": {"image": f"/data/upload/1/1a2b3c4d-c{i}.png"},
                "annotations": [{"was_cancelled": False, "result": results}],
            }
            for i in range(2)
        ],
    )


def label_studio_short(folder):
    """JSON-MIN: the values alone."""
    images(folder / "images", "c0.png", "c1.png")
    size = {"original_width": WIDTH, "original_height": HEIGHT}
    label = [
        {"points": shares(ring), "closed": True, "polygonlabels": [name], **size}
        for name, ring in (("cell", A), ("rbc", B))
    ]
    write(
        folder / "project-min.json",
        [
            {
                "image": f"/data/upload/1/1a2b3c4d-c{i}.png",
                "id": i,
                "label": label,
                "annotator": 1,
                "annotation_id": i,
                "created_at": "2026-01-01",
            }
            for i in range(2)
        ],
    )


def qupath_0_3(folder):
    """A bare list, types as ids and packed colours."""
    for name in ("slide 1", "slide 2"):
        images(folder, f"{name}.png")
        rows = [
            {
                "type": "Feature",
                "id": "PathAnnotationObject",
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                "properties": {
                    "classification": {"name": label, "colorRGB": -3670016},
                    "isLocked": False,
                    "measurements": [],
                },
            }
            for label, ring in (("cell", A), ("rbc", B))
        ]
        write(folder / f"{name}.geojson", rows)


DIALECTS = [
    labelme_3,
    roboflow_coco,
    roboflow_yolo,
    ultralytics,
    cvat,
    via_1,
    label_studio,
    label_studio_short,
    qupath_0_3,
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.__name__)
def test_a_folder_of_another_program_is_training_data_as_it_comes(tmp_path, dialect):
    dialect(tmp_path)
    folder = open_folder(tmp_path)
    assert set(folder.classes) - {"cells"} == {"cell", "rbc"}  # cells: a project of Roboflow's
    assert len(folder) >= 2
    for sample in folder.samples:
        found = sample.instances
        assert [found.classes[label] for label in found.labels] == ["cell", "rbc"]
        np.testing.assert_allclose(found.boxes[0], [10.5, 10.2, 30.1, 35.7], atol=0.001)
        np.testing.assert_allclose(found.boxes[1], [50, 20, 58, 38], atol=0.001)
    if dialect in (roboflow_coco, roboflow_yolo, ultralytics):
        assert set(folder.splits) == {"train", "val"}
