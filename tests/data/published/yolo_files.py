"""YOLO as different programs publish it."""

from tests.data.published.scene import OBJECTS, images, shares, write


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
