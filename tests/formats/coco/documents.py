"""Documents of COCO as others write them."""


def document(**changes):
    """A small dataset by another program: category ids with gaps, one object in two parts."""
    parts = [[0, 0, 4, 0, 4, 4, 0, 4], [5, 0, 7, 0, 7, 2.5]]
    content = {
        "info": {"year": 2020},
        "licenses": [{"id": 4, "name": "CC0"}],
        "images": [
            {"id": 12, "file_name": "a/x.png", "height": 8, "width": 9, "license": 4},
            {"id": 3, "file_name": "a/y.png"},
        ],
        "annotations": [
            {
                **{"id": 77, "image_id": 12, "category_id": 90, "iscrowd": 0, "seen_by": "Ana"},
                **{"segmentation": parts, "area": 18.5, "bbox": [0, 0, 7, 4]},
            },
            {
                **{"id": 9001, "image_id": 12, "category_id": 5, "iscrowd": 1},
                "segmentation": {"size": [8, 9], "counts": [8, 4, 4, 4, 52]},
            },
        ],
        "categories": [
            {"id": 90, "name": "cell", "supercategory": "life"},
            {"id": 5, "name": "dust", "supercategory": ""},
        ],
    }
    return {**content, **changes}


def annotated(**changes):
    first = document()["annotations"][0]
    return document(annotations=[{k: v for k, v in {**first, **changes}.items() if v != "gone"}])
