"""The names of the parts of a data set: of folders, and words in the names of files."""

import re

SPLITS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}


def split_of(name: str) -> str | None:
    """The split that a word in a name gives, if any.

    >>> split_of("train/a01"), split_of("instances_val2017"), split_of("trainee"), split_of("a")
    ('train', 'val', None, None)
    """
    words = set(re.split(r"[^a-z]+", name.lower().split("/")[0]))
    return next((split for split, folders in SPLITS.items() if words & set(folders)), None)
