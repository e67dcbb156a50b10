"""Pairing: the images that predictions belong to, by name.

What has no partner is left for the caller to report; it is never dropped in silence.
"""

from collections.abc import Sequence
from pathlib import Path

from kontur.data.file_names import partner_name, stem
from kontur.data.layouts import nnunet_cases
from kontur.errors import InputError
from kontur.wording import listed


def pair(names: Sequence[str], predictions: Sequence[str]) -> dict[str, str]:
    """The prediction of each image name that has one: of the same name, or of the same last part.

    `val/a01` is also that of `a01`, the outputs of `kontur predict` having no folders, and of
    nnU-Net `CASE_0000` that of `CASE`. Raises `InputError` where the last part does not decide.

    >>> pair(["val/a", "val/b"], ["a", "c"])
    {'val/a': 'a'}
    """
    available = set(predictions)
    pairs = {name: name for name in names if name in available}
    free = [name for name in predictions if name not in pairs]
    by_last: dict[str, list[str]] = {}
    for name in free:
        by_last.setdefault(_last(name), []).append(name)
    claimed: dict[str, str] = {}
    for name in names:
        candidates = by_last.get(_last(name), []) if name not in pairs else []
        if len(candidates) > 1:
            raise InputError(
                f"the predictions {listed(candidates)} could all be of the image {name!r}; name "
                "the folder that holds those that are meant"
            )
        for candidate in candidates:
            other = claimed.setdefault(candidate, name)
            if other is not name:
                raise InputError(
                    f"the prediction {candidate!r} could be of {other!r} or {name!r}; give the "
                    "images of one folder, or to kontur evaluate one part of the data with --split"
                )
            pairs[name] = candidate
    alone = [name for name in names if name not in pairs]
    pairs |= nnunet_cases.pairs_of_cases(alone, available - set(pairs.values()))
    return {name: pairs[name] for name in names if name in pairs}


def name_of_image(file_name: str) -> str:
    """The name of an image that a file of outlines calls by its file's, with its folder.

    >>> name_of_image("plate\\\\a01_masks.png"), name_of_image("a01.tif")
    ('plate/a01', 'a01')
    """
    file = Path(file_name.replace("\\", "/"))
    return (file.parent / partner_name(stem(file))).as_posix()


def _last(name: str) -> str:
    """The last part of a name, as predictions are called: the image `b_mask` has those of `b`."""
    return partner_name(name.rpartition("/")[2])
