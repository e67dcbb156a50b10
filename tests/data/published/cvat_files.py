"""CVAT: tasks, projects, and its exports in others' formats."""

from tests.data.published.coco_files import coco_document
from tests.data.published.scene import HEIGHT, OBJECTS, WIDTH, images, write
from tests.data.published.yolo_files import yolo_rows


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
