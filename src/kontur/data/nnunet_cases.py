"""The cases of nnU-Net: `imagesTr/CASE_0000.nii.gz` is the first channel of `labelsTr/CASE.nii.gz`.

The Medical Segmentation Decathlon has the same folders and one name for both.
"""

import re
from collections.abc import Iterable

from kontur.errors import InputError

IMAGES, LABELS = "imagesTr", "labelsTr"
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
