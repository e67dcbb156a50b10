"""Channels of a case of nnU-Net in files of their own: `CASE_0000.nii.gz`, `CASE_0001.nii.gz`.

In `imagesTr/` and `imagesTs/` they are one image, called by the first; elsewhere such a number is
part of a name, as of the frames of a film. Cases may be numbered so too: labels of these names
tell, and `dataset.json`, where it names one channel. In the Decathlon channels are the fourth axis
of a file, which is time elsewhere.
"""

import functools
import logging
import os
import re
from pathlib import Path

from kontur.errors import InputError
from kontur.images import nnunet_dataset
from kontur.images.nifti_names import ENDINGS
from kontur.images.nnunet_dataset import CHANNEL, FIRST
from kontur.wording import listed, plural, printable

log = logging.getLogger("kontur.images")

FOLDERS = ("imagesTr", "imagesTs")  # to train with, and to test on
FILE = re.compile(rf"{CHANNEL.pattern}(?P<ending>\.nii(\.gz)?)", re.IGNORECASE)


def is_further(path: Path) -> bool:
    """Whether a file is a channel of an image that is called by another file."""
    named = FILE.fullmatch(path.name)
    if named is None or int(named["number"]) == 0 or _channel(path) is None:
        return False
    first = _file(path, 0)
    return first.is_file() and _channel(first) is not None


def files_of_case(path: Path) -> list[Path]:
    """The files of the channels of an image, in their order; the one file of any other image.

    A further channel that is asked for by its own name is one too. Raises `InputError` where a
    channel is missing, the first one too, or there are not as many as `dataset.json` names.
    """
    channel = _channel(path)
    if channel is None or is_further(path):
        return [path]
    case, named = channel["case"], channel_names(path)
    numbers = _numbers(path)
    if 0 not in numbers:
        if not _lacks_first(path, numbers, len(named)):
            return [path]
    elif named and len(named) != len(numbers):
        raise InputError(
            f"{path.parent} has {plural(len(numbers), 'file')} of the case {case}, and "
            f"dataset.json names {plural(len(named), 'channel')} ({listed(named)}); wanted a file "
            f"for each, {path.name} and so on"
        )
    missing = sorted({*range(max(numbers))} - numbers)
    if missing:
        files = [_file(path, number).name for number in missing]
        which = f"the channel {files[0]}" if len(files) == 1 else f"the channels {listed(files)}"
        verb = "is" if len(files) == 1 else "are"
        raise InputError(f"{which} of the case {case} {verb} missing in {path.parent}")
    if not named and len(numbers) > 1 and not _is_labelled(path, case):
        _warn_that_channels_are_guessed(path.parent, case)
    return [_file(path, number) for number in sorted(numbers)]


@functools.cache  # once, and not for every plane
def _warn_that_channels_are_guessed(folder: Path, case: str) -> None:
    log.warning(
        "%s: the files %s_0000, %s_0001 and so on are read as channels of one image, as nnU-Net "
        "names them; if they are images of their own, say so in %s beside %s/: "
        '{"channel_names": {"0": "NAME"}}',
        *(printable(str(folder)), printable(case), printable(case)),
        *(nnunet_dataset.FILE, folder.name),
    )


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


def _channel(path: Path) -> re.Match[str] | None:
    """The parts of the name of a channel; None of any other file, and of one that is a case.

    The labels decide: `amos_0001.nii.gz` is a case where they are called so too, as in the
    Decathlon, and there is no `amos_0001_0000.nii.gz` that they would be of. Without any, it is a
    case where `dataset.json` names a single channel, which is 0000, and files have other numbers.
    """
    name = FILE.fullmatch(path.name)
    if name is None or path.absolute().parent.name not in FOLDERS:
        return None
    ending = name["ending"]
    called = path.name.removesuffix(ending)
    if _is_labelled(path, called) and not path.with_name(f"{called}{FIRST}{ending}").is_file():
        return None
    if len(channel_names(path)) == 1 and not _is_labelled(path, name["case"]):
        return name if _sibling_numbers(path) == {0} else None
    return name


def _is_labelled(path: Path, case: str) -> bool:
    """Whether the folder of labels beside that of an image has some of this name."""
    folder = path.absolute().parent
    labels = folder.with_name(folder.name.replace("images", "labels"))
    return any((labels / f"{case}{ending}").is_file() for ending in ENDINGS)


def _numbers(path: Path) -> set[int]:
    """The numbers of the files of the case of a channel."""
    return {
        number for number in _sibling_numbers(path) if _channel(_file(path, number)) is not None
    }


def _sibling_numbers(path: Path) -> set[int]:
    """The numbers in the names of files that differ in it alone, from a listing of the folder."""
    mine = FILE.fullmatch(path.name)
    assert mine is not None
    start = f"{mine['case']}_"
    found = {int(mine["number"])}
    for name in os.listdir(path.parent) if path.parent.is_dir() else ():
        other = FILE.fullmatch(name) if name.startswith(start) else None
        if other is not None and (other["case"], other["ending"]) == (mine["case"], mine["ending"]):
            found.add(int(other["number"]))
    return found


def _lacks_first(path: Path, numbers: set[int], named: int) -> bool:
    """Whether a case without a file 0000 lacks it, and is not one of cases that are numbered.

    It does where there are labels of the case, or where every number is one of those of the
    channels that `dataset.json` names.
    """
    name = FILE.fullmatch(path.name)
    assert name is not None
    return max(numbers) < named or _is_labelled(path, name["case"])


def _file(path: Path, number: int) -> Path:
    name = FILE.fullmatch(path.name)
    assert name is not None
    return path.with_name(f"{name['case']}_{number:04}{name['ending']}")
