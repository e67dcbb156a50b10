"""Splits of YOLO that cannot be used."""

from kontur.data.folder import open_folder
from tests.data import published


def test_splits_that_leave_images_out_or_share_them_are_not_used(tmp_path):
    published.yolo_lists(tmp_path)
    published.images(tmp_path / "images", "c.png")
    published.write(tmp_path / "labels" / "c.txt", published.yolo_rows())
    folder = open_folder(tmp_path)
    assert folder.splits == {}
    assert "the splits of data.yaml are not used: they leave 1 image out" in folder.warnings[0]
    published.write(tmp_path / "val.txt", "images/a.png\nimages/b.png\nimages/c.png\n")
    assert open_folder(tmp_path).splits == {}
