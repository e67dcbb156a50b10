"""COCO as different programs publish it."""

import numpy as np

from tests.data.published.scene import HEIGHT, WIDTH, A, B, flat, images, mask, write


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
