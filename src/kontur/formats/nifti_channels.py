"""Channels of a case of nnU-Net in files of their own: `CASE_0000.nii.gz`, `CASE_0001.nii.gz`.

In `imagesTr/` and `imagesTs/` they are one image, called by the first; elsewhere such a number is
part of a name, as of the frames of a film. In the Decathlon channels are the fourth axis of a file,
which is time elsewhere.
"""

import re
from pathlib import Path

from kontur.errors import InputError
from kontur.formats import nnunet_dataset
from kontur.wording import listed, plural

FOLDERS = ("imagesTr", "imagesTs")  # to train with, and to test on
CHANNEL = re.compile(r"(?P<case>.+)_(?P<number>\d{4})(?P<ending>\.nii(\.gz)?)", re.IGNORECASE)


def is_further(path: Path) -> bool:
    """Whether a file is a channel of an image that is called by another file."""
    name = CHANNEL.fullmatch(path.name)
    if name is None or int(name["number"]) == 0 or path.absolute().parent.name not in FOLDERS:
        return False
    return _file(path, 0).is_file()


def files_of_case(path: Path) -> list[Path]:
    """The files of the channels of an image, in their order; the one file of any other image.

    Raises `InputError` where one is missing, or there are not as many as `dataset.json` names.
    """
    name = CHANNEL.fullmatch(path.name)
    if name is None or int(name["number"]) > 0 or path.absolute().parent.name not in FOLDERS:
        return [path]
    dataset = nnunet_dataset.dataset_around(path.parent)
    named = () if dataset is None else dataset.channels
    files = [path]
    while (further := _file(path, len(files))).is_file():
        files.append(further)
    if named and len(named) != len(files):
        raise InputError(
            f"{path.parent} has {plural(len(files), 'file')} of the case {name['case']}, and "
            f"dataset.json names {plural(len(named), 'channel')} ({listed(named)}); wanted a file "
            f"for each, {path.name} and so on"
        )
    if _file(path, len(files) + 1).is_file():
        raise InputError(
            f"the channel {further.name} of the case {name['case']} is missing in {path.parent}"
        )
    return files


def channels_of_axis(path: Path, length: int) -> int:
    """How many channels the fourth axis of a file holds: 1 where it is none of channels.

    It is where `dataset.json` names as many as it is long. Errors as of `dataset_around`.
    """
    if length == 1 or path.absolute().parent.name not in FOLDERS:
        return 1
    return length if len(channel_names(path)) == length else 1


def channel_names(path: Path) -> tuple[str, ...]:
    """The names that `dataset.json` gives the channels of a case of several; () where it does not.

    Errors as of `nnunet_dataset.dataset_around`.
    """
    dataset = nnunet_dataset.dataset_around(path.parent)
    return () if dataset is None else dataset.channels


def _file(path: Path, number: int) -> Path:
    name = CHANNEL.fullmatch(path.name)
    assert name is not None
    return path.with_name(f"{name['case']}_{number:04}{name['ending']}")
