"""Folders of annotations as public projects publish them, by the documentation of each program.

Every builder fills a folder with images of 40×60 pixels that show two objects each: `A`, of the
class `cell`, and `B`, of the class `red cell`, beside what such files also hold: boxes, points,
attributes, files of other things.
"""

import base64
import io
import json

import numpy as np
from PIL import Image

from tests.data import drawn

A = [[10.5, 10.25], [30, 11], [29, 35.75], [12, 33]]
B = [[50, 20], [58, 20], [58, 38], [50, 38]]
OBJECTS = (("cell", A), ("red cell", B))
HEIGHT, WIDTH = drawn.squares().shape


def images(folder, *names):
    for seed, name in enumerate(names):
        drawn.save(folder / name, drawn.picture(seed))


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def mask(ring):
    """The pixels of a ring along the edges of pixels."""
    (left, top), (right, bottom) = np.min(ring, axis=0), np.max(ring, axis=0)
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    pixels[int(top) : int(bottom), int(left) : int(right)] = 1
    return pixels


def flat(ring):
    return [number for point in ring for number in point]


def shares(ring):
    return " ".join(f"{x / WIDTH:.6f} {y / HEIGHT:.6f}" for x, y in ring)


def percent(ring):
    return [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in ring]


def labelme_content(image, **changes):
    shapes = [
        {"label": label, "points": ring, "group_id": None, "shape_type": "polygon", "flags": {}}
        for label, ring in OBJECTS
    ]
    shapes.append({"label": "tip", "points": [[5, 5]], "group_id": None, "shape_type": "point"})
    shapes.append(
        {"label": "axis", "points": [[5, 5], [9, 9]], "group_id": None, "shape_type": "linestrip"}
    )
    content = {"version": "4.5.6", "flags": {}, "shapes": shapes, "imagePath": image}
    content |= {"imageData": None, "imageHeight": HEIGHT, "imageWidth": WIDTH}
    return content | changes


# labelme -----------------------------------------------------------------------------------------


def labelme_paths_of_windows(folder):
    """Annotations apart from the images, which they call by a path as Windows has it."""
    for name in ("001", "002"):
        images(folder / "imgs", f"{name}.jpg")
        write(folder / "annotations" / f"{name}.json", labelme_content(f"..\\imgs\\{name}.jpg"))


def labelme_folders_of_other_names(folder):
    """A folder of images and one of annotations, neither by a usual name."""
    for name in ("001", "002"):
        images(folder / "original", f"{name}.png")
        write(folder / "labelme" / f"{name}.json", labelme_content(f"../original/{name}.png"))


def labelme_other_name_than_the_image(folder):
    for name in ("001", "002"):
        images(folder, f"photo {name}.png")
        write(folder / f"annotation_{name}.json", labelme_content(f"photo {name}.png"))


def labelme_with_the_pictures_inside(folder):
    """The files alone: labelme embeds the picture where one does not tell it not to."""
    for name in ("001", "002"):
        content = io.BytesIO()
        Image.fromarray(drawn.picture(int(name))).save(content, "PNG")
        data = base64.b64encode(content.getvalue()).decode()
        write(folder / f"{name}.json", labelme_content(f"{name}.png", imageData=data))


def labelme_list_of_labels(folder):
    """`labels.txt` beside, as labelme's command wants it."""
    write(folder / "labels.txt", "__ignore__\n_background_\ncell\nred cell\n")
    for name in ("001", "002"):
        images(folder, f"{name}.png")
        write(folder / f"{name}.json", labelme_content(f"{name}.png"))


def anylabeling(folder):
    """X-AnyLabeling: a rectangle of four corners, a turned one, scores that are null."""
    for name in ("001", "002"):
        images(folder, f"{name}.png")
        more = {"score": None, "group_id": None, "description": "", "difficult": False}
        more |= {"flags": {}, "attributes": {}, "kie_linking": []}
        shapes = [
            {"label": "cell", "points": A, "shape_type": "rotation", "direction": 0.25, **more},
            {"label": "red cell", "points": B, "shape_type": "rectangle", **more},
        ]
        content = labelme_content(f"{name}.png", version="3.2.1", shapes=shapes)
        write(folder / f"{name}.json", content)


# CVAT --------------------------------------------------------------------------------------------


def cvat_shapes():
    rows = [
        f'<polygon label="{label}" source="manual" occluded="0" points="'
        f'{";".join(f"{x:.2f},{y:.2f}" for x, y in ring)}" z_order="0">'
        '<attribute name="quality">good</attribute></polygon>'
        for label, ring in OBJECTS
    ]
    rows.append('<tag label="blurred" source="manual"></tag>')
    rows.append('<points label="tip" source="manual" occluded="0" points="5.00,5.00"></points>')
    rows.append(
        '<skeleton label="worm" source="manual" z_order="0"><points label="head" outside="0" '
        'occluded="0" points="5.00,5.00"></points></skeleton>'
    )
    return "".join(rows)


def cvat_labels():
    return "<labels>" + "".join(
        f"<label><name>{label}</name><color>#aa33ff</color><type>any</type><attributes><attribute>"
        "<name>quality</name><mutable>False</mutable><input_type>select</input_type>"
        "<default_value>good</default_value><values>good\nbad</values></attribute></attributes>"
        "</label>"
        for label, _ in OBJECTS
    ) + "</labels>"  # fmt: skip


def cvat_xml(rows, meta):
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f"<meta>{meta}<dumped>2026-01-01</dumped></meta>{rows}</annotations>"
    )


def cvat_project(folder):
    """A project of two tasks in two subsets, which have an image of one name."""
    rows = ""
    for number, (subset, task) in enumerate((("Train", 7), ("Validation", 9))):
        images(folder / "images" / subset, "frame_000.png")
        rows += (
            f'<image id="{number}" name="frame_000.png" subset="{subset}" task_id="{task}" '
            f'width="{WIDTH}" height="{HEIGHT}">{cvat_shapes()}</image>'
        )
    tasks = "".join(
        f"<task><id>{n}</id><name>t</name><size>1</size><subset>{s}</subset></task>"
        for s, n in (("Train", 7), ("Validation", 9))
    )
    meta = f"<project><id>3</id><name>p</name>{cvat_labels()}<tasks>{tasks}</tasks></project>"
    write(folder / "annotations.xml", cvat_xml(rows, meta))


def cvat_tasks_in_folders(folder):
    """Two tasks, each unpacked into a folder of its own, with an image of one name."""
    for task in ("task_one", "task_two"):
        images(folder / task / "images", "a.png")
        row = (
            f'<image id="0" name="a.png" width="{WIDTH}" height="{HEIGHT}">{cvat_shapes()}</image>'
        )
        meta = f"<task><id>1</id><name>{task}</name>{cvat_labels()}</task>"
        write(folder / task / "annotations.xml", cvat_xml(row, meta))


def cvat_as_coco(folder):
    """ "COCO 1.0": the subset as a folder, attributes, a box, masks as run lengths."""
    images(folder / "images" / "default", "a.png", "b.png")
    write(folder / "annotations" / "instances_default.json", coco_document(["a.png", "b.png"]))


def cvat_as_ultralytics(folder):
    """ "Ultralytics YOLO Segmentation 1.0": paths of a list of images."""
    images(folder / "images" / "train", "a.png", "b.png")
    for name in "ab":
        write(folder / "labels" / "train" / f"{name}.txt", yolo_rows())
    write(folder / "train.txt", "data/images/train/a.png\ndata/images/train/b.png\n")
    write(folder / "data.yaml", "names:\n  0: cell\n  1: red cell\npath: .\ntrain: train.txt\n")


# COCO --------------------------------------------------------------------------------------------


def coco_document(names, *, extra=()):
    """Polygons of `A`, run lengths of `B`, compressed in every other image, and more beside."""
    from pycocotools import mask as coder

    rows = []
    for number in range(len(names)):
        packed = coder.encode(np.asfortranarray(mask(B)))
        column = mask(B).T.ravel()
        changes = np.flatnonzero(np.diff(column, prepend=0)).tolist()
        counts = np.diff([0, *changes, column.size]).tolist()
        code = {"counts": packed["counts"].decode()} if number % 2 else {"counts": counts}
        code["size"] = [HEIGHT, WIDTH]
        more = {"image_id": number + 1, "area": 1.0, "attributes": {"occluded": False}}
        first, second = {**more, "bbox": [10, 10, 20, 25]}, {**more, "bbox": [50, 20, 8, 18]}
        rows += [
            {"category_id": 4, "segmentation": [flat(A)], "iscrowd": 0, **first},
            {"category_id": 90, "segmentation": code, "iscrowd": 0, **second},
            {"category_id": 4, "keypoints": [1, 2, 2], "num_keypoints": 1, "segmentation": [],
             "iscrowd": 0, **more},
        ]  # fmt: skip
    return {
        "info": {"year": "", "contributor": ""},
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "images": [
            {"id": i + 1, "file_name": n, "width": WIDTH, "height": HEIGHT, "license": 0,
             "flickr_url": "", "coco_url": "", "date_captured": 0}
            for i, n in enumerate(names)
        ],
        "annotations": [{"id": i + 1, **row} for i, row in enumerate(rows)],
        "categories": [
            {"id": 4, "name": "cell", "supercategory": ""},
            {"id": 90, "name": "red cell", "supercategory": ""},
        ],
    }  # fmt: skip


def coco_with_keypoints_and_captions(folder):
    """The COCO project's own folders: captions and keypoints beside the outlines."""
    for split in ("train2017", "val2017"):
        images(folder / split, "000001.jpg", "000002.jpg")
        content = coco_document(["000001.jpg", "000002.jpg"])
        places = folder / "annotations"
        write(places / f"instances_{split}.json", content)
        points = [
            {"id": 1, "image_id": 1, "category_id": 1, "keypoints": [1, 2, 2], "num_keypoints": 1}
        ]
        people = {"categories": [{"id": 1, "name": "person", "keypoints": ["nose"]}]}
        write(places / f"person_keypoints_{split}.json", content | people | {"annotations": points})
        texts = [{"id": 1, "image_id": 1, "caption": "cells"}]
        write(places / f"captions_{split}.json", content | {"annotations": texts})


def livecell(folder):
    """Annotations by their id in an object, images in a folder below."""
    names = ["A172_1.tif", "A172_2.tif"]
    images(folder / "images" / "livecell_train_val_images", *names)
    content = coco_document(names)
    content["annotations"] = {str(row["id"]): row for row in content["annotations"]}
    write(folder / "livecell_coco_train.json", content)


def batches_of_photographs(folder):
    """Names of images with a folder, below `data/`."""
    names = ["batch_1/000006.JPG", "batch_2/000006.JPG"]
    images(folder / "data" / "batch_1", "000006.JPG")
    images(folder / "data" / "batch_2", "000006.JPG")
    write(folder / "data" / "annotations.json", coco_document(names))


def label_studio_as_coco(folder):
    """`result.json`, whose names of images may be those of Windows."""
    images(folder / "images", "1a2b3c4d-a.png", "1a2b3c4e-b.png")
    content = coco_document(["images\\1a2b3c4d-a.png", "images\\1a2b3c4e-b.png"])
    write(folder / "result.json", content)


# VIA ---------------------------------------------------------------------------------------------


def via_regions(attributes):
    return [
        {
            "shape_attributes": {
                "name": "polygon",
                "all_points_x": [x for x, _ in ring],
                "all_points_y": [y for _, y in ring],
            },
            "region_attributes": attributes(label),
        }
        for label, ring in OBJECTS
    ] + [
        {
            "shape_attributes": {"name": "point", "cx": 3, "cy": 4},
            "region_attributes": attributes("cell"),
        }
    ]


def via_2(folder):
    """A project whose dropdown has numbers, with names as their descriptions."""
    images(folder, "a.png", "b.png")
    number = {"cell": "1", "red cell": "2"}
    options = {"1": "cell", "2": "red cell"}
    attribute = {"type": "dropdown", "description": "", "options": options, "default_options": {}}
    rows = {
        f"{name}.png99": {
            "filename": f"{name}.png",
            "size": 99,
            "regions": via_regions(lambda label: {"cell type": number[label]}),
            "file_attributes": {},
        }
        for name in "ab"
    }
    write(
        folder / "via_project_1Jan2026_10h10m.json",
        {
            "_via_settings": {"ui": {}, "core": {}, "project": {"name": "p"}},
            "_via_img_metadata": rows,
            "_via_attributes": {"region": {"cell type": attribute}, "file": {}},
            "_via_data_format_version": "2.0.10",
            "_via_image_id_list": list(rows),
        },
    )


def via_2_csv(folder):
    images(folder, "a.png", "b.png")
    heading = "filename,file_size,file_attributes,region_count,region_id"
    lines = [f"{heading},region_shape_attributes,region_attributes"]
    for name in "ab":
        for number, region in enumerate(via_regions(lambda label: {"type": {label: True}})):
            cells = [
                '"' + json.dumps(region[key]).replace('"', '""') + '"'
                for key in ("shape_attributes", "region_attributes")
            ]
            lines.append(f'{name}.png,99,"{{}}",3,{number},{",".join(cells)}')
    write(folder / "via_export_csv.csv", "\r\n".join(lines) + "\r\n")


def via_3_store():
    attribute = {"aname": "type", "anchor_id": "FILE1_Z0_XY1", "type": 4, "desc": ""}
    attribute |= {"options": {"0": "cell", "1": "red cell"}, "default_option_id": ""}
    metadata = {}
    for view in "12":
        for number, (_, ring) in enumerate(OBJECTS):
            shape = {"vid": view, "flg": 0, "z": [], "xy": [7, *flat(ring)]}
            metadata[f"{view}_{number}"] = {**shape, "av": {"1": str(number)}}
        metadata[f"{view}_p"] = {"vid": view, "flg": 0, "z": [], "xy": [1, 3, 4], "av": {}}
    return {
        "project": {"pid": "__VIA_PROJECT_ID__", "rev": "1", "pname": "p", "vid_list": ["1", "2"]},
        "config": {"file": {"loc_prefix": {"1": "", "2": "", "3": "", "4": ""}}, "ui": {}},
        "attribute": {"1": attribute},
        "file": {
            view: {"fid": view, "fname": name, "type": 2, "loc": 1, "src": f"images/{name}"}
            for view, name in (("1", "a.png"), ("2", "b.png"))
        },
        "metadata": metadata,
        "view": {view: {"fid_list": [view]} for view in "12"},
    }


def via_3(folder):
    images(folder / "images", "a.png", "b.png")
    write(folder / "via_project.json", via_3_store())


def via_3_csv(folder):
    """Its export: comments, among them the heading and the attributes' names."""
    images(folder, "a.png", "b.png")
    store = via_3_store()
    files = {view: one["src"] for view, one in store["file"].items()}
    lines = [
        "# Exported using VGG Image Annotator (http://www.robots.ox.ac.uk/~vgg/software/via)",
        '# SHAPE_ID = {"POINT":1,"RECTANGLE":2,"CIRCLE":3,"ELLIPSE":4,"LINE":5,"POLYLINE":6,'
        '"POLYGON":7,"EXTREME_RECTANGLE":8,"EXTREME_CIRCLE":9}',
        '# FLAG_ID = {"RESERVED_FOR_FUTURE":1}',
        '# ATTRIBUTES = {"1":"type"}',
        "# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,"
        "metadata",
    ]
    names = {"0": "cell", "1": "red cell"}
    for key, one in store["metadata"].items():
        values = {number: names[value] for number, value in one["av"].items()}
        cells = [[files[one["vid"]]], one["flg"], one["z"], one["xy"], values]
        texts = ('"' + json.dumps(cell).replace('"', '""') + '"' for cell in cells)
        lines.append(f'"{key}",' + ",".join(texts))
    write(folder / "via_project.csv", "\n".join(lines) + "\n")


# Label Studio ------------------------------------------------------------------------------------


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


# YOLO --------------------------------------------------------------------------------------------


def yolo_rows():
    rows = [f"{number} {shares(ring)}" for number, (_, ring) in enumerate(OBJECTS)]
    return "\n".join(rows) + "\n"


def yolo_of_absolute_paths(folder):
    """Paths of the machine where it was made; caches beside the labels; Windows' line ends."""
    for split in ("train", "val"):
        images(folder / "images" / split, f"{split}1.jpg", f"{split}2.jpg")
        for number in (1, 2):
            rows = yolo_rows().replace("\n", "\r\n")
            write(folder / "labels" / split / f"{split}{number}.txt", rows)
        (folder / "labels" / f"{split}.cache").write_bytes(b"\x93NUMPY\x01\x00")
    text = "# cells\npath: /home/someone/datasets/cells # root\ntrain: /home/someone/datasets/"
    text += "cells/images/train\nval: images/val\ntest:\n\nnc: 2\nnames: [cell, 'red cell']\n"
    write(folder / "dataset.yaml", text + "download: |\n  from utils import download\n")


def yolo_lists(folder):
    """Lists of images as splits, and no word in the folders."""
    images(folder / "images", "a.png", "b.png")
    for name in "ab":
        write(folder / "labels" / f"{name}.txt", yolo_rows())
    write(folder / "train.txt", "./images/a.png\n")
    write(folder / "val.txt", "./images/b.png\n")
    text = "train: ./train.txt\nval: ./val.txt\nnames:\n  0: cell\n  1: red cell\n"
    write(folder / "data.yaml", text)


def label_studio_as_yolo(folder):
    """`classes.txt`, `notes.json`, and names of uploads."""
    images(folder / "images", "1a2b3c4d-a.png", "1a2b3c4e-b.png")
    for name in ("1a2b3c4d-a", "1a2b3c4e-b"):
        write(folder / "labels" / f"{name}.txt", yolo_rows())
    write(folder / "classes.txt", "cell\nred cell")
    write(folder / "notes.json", {"categories": [{"id": 0, "name": "cell"}], "info": {"year": 1}})


def yolo_predictions_beside(folder):
    """The labels that `predict save_txt=True save_conf=True` writes: a score at the end."""
    images(folder, "a.png", "b.png")
    for name in "ab":
        rows = "".join(f"{line} 0.871\n" for line in yolo_rows().splitlines())
        write(folder / "labels" / f"{name}.txt", rows)
    write(folder / "classes.txt", "cell\nred cell\n")


# QuPath ------------------------------------------------------------------------------------------


def qupath_cells(folder):
    """Cells with nuclei and measurements, a locked ellipse and a point."""
    for name in ("Sample 1", "Sample 2"):
        images(folder, f"{name}.png")
        rows = []
        for number, (label, ring) in enumerate(OBJECTS):
            inner = np.mean(ring, axis=0) + (np.array(ring) - np.mean(ring, axis=0)) / 2
            nucleus = [[*inner.tolist(), inner[0].tolist()]]
            rows.append(
                {
                    "type": "Feature",
                    "id": f"6b8a1f0a-0000-4000-8000-00000000000{number}",
                    "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                    "nucleusGeometry": {"type": "Polygon", "coordinates": nucleus},
                    "properties": {
                        "objectType": "cell",
                        "classification": {"name": label, "color": [200, 0, 0]},
                        "measurements": {"Cell: Area": 12.5, "Nucleus: Solidity": float("nan")},
                    },
                }
            )
        point = {"type": "Point", "coordinates": [4.5, 5.5], "plane": {"c": -1, "z": 0, "t": 0}}
        rows.append(
            {
                "type": "Feature",
                "id": "6b8a1f0a-0000-4000-8000-000000000009",
                "geometry": point,
                "properties": {"objectType": "annotation", "isLocked": True},
            }
        )
        collection = {"type": "FeatureCollection", "features": rows}
        write(folder / f"{name}.geojson", collection)


# Cellpose ----------------------------------------------------------------------------------------


def cellpose(folder):
    """`_seg.npy` with what Cellpose's window of today saves, a path among it."""
    import datetime
    from pathlib import PurePosixPath

    for name in ("a", "b"):
        images(folder, f"{name}.tif")
        masks = (mask(A) + 2 * mask(B)).astype(np.uint16)
        content = {
            "outlines": masks * 0,
            "colors": np.zeros((2, 3), np.uint8),
            "masks": masks,
            "current_channel": 0,
            "filename": PurePosixPath(f"/home/someone/{name}.tif"),
            "flows": [np.zeros((1, 4, 4, 3), np.uint8), [], None, np.zeros((3, 4, 4), np.float16)],
            "ismanual": np.zeros(2, bool),
            "manual_changes": [[datetime.datetime(2026, 1, 1), "added mask", [3, 4, 5]]],
            "model_path": 0,
            "flow_threshold": 0.4,
            "cellprob_threshold": np.float32(0.0),
            "normalize_params": {"lowhigh": None, "percentile": [1.0, 99.0], "normalize": True},
            "restore": None,
            "ratio": 1.0,
            "diameter": np.float64(17.5),
        }
        np.save(folder / f"{name}_seg.npy", content)
        images(folder, f"{name}_cp_output.png")


EVERY = [
    labelme_paths_of_windows,
    labelme_folders_of_other_names,
    labelme_other_name_than_the_image,
    labelme_with_the_pictures_inside,
    labelme_list_of_labels,
    anylabeling,
    cvat_project,
    cvat_tasks_in_folders,
    cvat_as_coco,
    cvat_as_ultralytics,
    coco_with_keypoints_and_captions,
    livecell,
    batches_of_photographs,
    label_studio_as_coco,
    via_2,
    via_2_csv,
    via_3,
    via_3_csv,
    label_studio,
    label_studio_bit_masks,
    label_studio_regions_and_labels,
    yolo_of_absolute_paths,
    yolo_lists,
    label_studio_as_yolo,
    yolo_predictions_beside,
    qupath_cells,
    cellpose,
]
