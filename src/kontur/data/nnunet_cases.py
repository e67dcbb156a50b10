"""The cases of nnU-Net: `imagesTr/CASE_0000.nii.gz` is the first channel of `labelsTr/CASE.nii.gz`.

The Medical Segmentation Decathlon has the same folders and one name for both. The values of label
images are classes where `dataset.json` names them: every connected region of a class on a plane is
an object. Channels in files of their own are one image, see `formats.nifti_channels`.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kontur.data.layout import Layout
from kontur.errors import InputError
from kontur.formats import nnunet_dataset

IMAGES, LABELS = "imagesTr", "labelsTr"
FIRST = "_0000"
CHANNEL = re.compile(r"(?P<case>.+)_\d{4}")


def images_of_cases(images: Iterable[str]) -> dict[str, str]:
    """The image of each case, by the names; of one that has the name of the case none.

    Raises `InputError` where a case has several channels, each in a file of its own.

    >>> images_of_cases(["a_0000", "b_0000", "b", "c"])
    {'a': 'a_0000'}
    """
    known = set(images)
    found: dict[str, str] = {}
    for name in sorted(known):
        channel = CHANNEL.fullmatch(name)
        if channel is None or channel["case"] in known:
            continue
        first = found.setdefault(channel["case"], name)
        if first != name:
            raise InputError(
                f"{IMAGES}/ holds the channels of {channel['case']} in files of their own "
                f"({first}, {name}), and an image is one file; leave the channel there that is to "
                "be learned"
            )
    return found


def with_classes(layout: Layout, folder: Path) -> Layout:
    """The layout whose label images, in `folder`, have the classes that `dataset.json` names.

    Errors as of `nnunet_dataset.dataset_around`.
    """
    dataset = nnunet_dataset.dataset_around(folder) if folder.name == LABELS else None
    if dataset is None or not dataset.classes:
        return layout
    annotated = tuple(
        item.replace(class_of_value=dataset.classes) if item.kind == "labels" else item
        for item in layout.annotated
    )
    return replace(layout, annotated=annotated)


def pairs_of_cases(names: Iterable[str], others: Iterable[str]) -> dict[str, str]:
    """Names of two lists that are of one case, `CASE_0000` in either and `CASE` in the other.

    Only where it is the only name of the case in its list: numbers of frames are no channels.

    >>> pairs_of_cases(["a_0000", "p/b", "film_0000", "film_0001"], ["a", "b_0000", "film"])
    {'a_0000': 'a', 'p/b': 'b_0000'}
    """
    mine, theirs = _by_case(names), _by_case(others)
    pairs: dict[str, str] = {}
    for case in mine:
        if len(mine[case]) == len(theirs.get(case, ())) == 1:
            (name,), (other,) = mine[case], theirs[case]
            lasts = {name.rpartition("/")[2], other.rpartition("/")[2]}
            if lasts == {case, case + FIRST}:
                pairs[name] = other
    return pairs


def _by_case(names: Iterable[str]) -> dict[str, list[str]]:
    """The names of each case, by its last part."""
    cases: dict[str, list[str]] = {}
    for name in names:
        last = name.rpartition("/")[2]
        channel = CHANNEL.fullmatch(last)
        cases.setdefault(channel["case"] if channel else last, []).append(name)
    return cases
