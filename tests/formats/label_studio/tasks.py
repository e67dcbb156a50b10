"""Tasks of Label Studio, with their results."""

import json


def result(kind="polygonlabels", size=(30, 40), **value):
    one = {"id": "r1", "type": kind, "original_height": size[0], "original_width": size[1]}
    return {**one, "image_rotation": 0, "value": value}


def save(tmp_path, *results, image="/data/upload/1/0a1b2c3d-a%201.png", **task):
    row = {"id": 1, "data": {"image": image}, "annotations": [{"result": list(results)}], **task}
    (tmp_path / "export.json").write_text(json.dumps([row]))
    return tmp_path / "export.json"


def task(image, *annotations, **more):
    return {"data": {"image": image}, "annotations": list(annotations), **more}
