"""The cases of nnU-Net: `imagesTr/CASE_0000.nii.gz` is the first channel of `labelsTr/CASE.nii.gz`.

The Medical Segmentation Decathlon has the same folders and one name for both. The values of label
images are classes where `dataset.json` names them: every connected region of a class on a plane is
an object. Channels in files of their own are one image, see `images.nifti.channels`.
"""

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import replace
from pathlib import Path

from kontur.data.layouts.layout import Layout
from kontur.errors import InputError
from kontur.images import nnunet_dataset
from kontur.images.nnunet_dataset import CHANNEL, FIRST

IMAGES, LABELS = "imagesTr", "labelsTr"


def images_of_cases(images: Iterable[str], labels: Container[str]) -> dict[str, str]:
    """The image of each case that has labels, by the names; of one with the case's own name none.

    Labels with the name of an image are its own, unless its first channel is an image: there
    `case_0000` is of `case_0000_0000`. Raises `InputError` where channels of a case are no image.

    >>> images_of_cases(["a_0000", "b_0000", "b", "c", "d_0001", "d_0004"], {"a", "b", "d_0001"})
    {'a': 'a_0000'}
    """
    known = set(images)
    found: dict[str, str] = {}
    for name in sorted(known):
        channel = CHANNEL.fullmatch(name)
        if channel is None or (name in labels and name + FIRST not in known):
            continue
        case = channel["case"]
        if case not in labels or (case in known and CHANNEL.fullmatch(case) is None):
            continue
        first = found.setdefault(case, name)
        if first != name:
            raise InputError(
                f"{IMAGES}/ holds {first} and {name} of the case {case}, which are not channels of "
                f"one image; wanted {case}{FIRST} and so on, with one ending (.nii.gz)"
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
    >>> pairs_of_cases(["a_0001_0000", "a_0002_0000"], ["a_0001", "a_0002"])
    {'a_0001_0000': 'a_0001', 'a_0002_0000': 'a_0002'}
    """
    names, others = list(names), list(others)
    pairs = _images_and_cases(names, others)
    pairs += [(name, image) for image, name in _images_and_cases(others, names)]
    mine, theirs = (Counter(side) for side in zip(*pairs, strict=True)) if pairs else ({}, {})
    return {name: other for name, other in pairs if mine[name] == theirs[other] == 1}


def _images_and_cases(images: Iterable[str], cases: Iterable[str]) -> list[tuple[str, str]]:
    """Names that are the first and only channel of a case, each with the name of that case."""
    named = _by_last(cases)
    channels: dict[str, list[str]] = {}
    for last, names in _by_last(images).items():
        channel = CHANNEL.fullmatch(last)
        channels.setdefault(channel["case"] if channel else last, []).extend(names)
    return [
        (names[0], named[case][0])
        for case, names in channels.items()
        if len(names) == len(named.get(case, ())) == 1
        and names[0].rpartition("/")[2] == case + FIRST
    ]


def _by_last(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by their last part."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.rpartition("/")[2], []).append(name)
    return found
