"""Folders as kontur inspect sees them."""

from kontur.data.folder import open_folder
from kontur.data.inspect import inspect
from tests.data import drawn


def issues(root, **options):
    """The issues of a folder by kind."""
    stride = options.pop("stride", 2)
    report = inspect(open_folder(root, **options), stride=stride)
    assert len({issue.kind for issue in report.issues}) == len(report.issues)
    return {issue.kind: issue for issue in report.issues}


def with_labels(root, labels, *, name="a"):
    """A folder with one more image and this label image."""
    drawn.save(root / "images" / f"{name}.tif", drawn.picture(ord(name[-1]), size=labels.shape))
    drawn.save(root / "labels" / f"{name}.tif", labels)
    return root
