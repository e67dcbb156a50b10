"""Classes that have numbers and no names, as of YOLO's labels without a `data.yaml`."""

from collections.abc import Collection, Sequence

NUMBERS_FROM_ONE = "no object is of class 0 and no file names the classes, which count from 0"
ADVICE_ON_NUMBERS = (
    "where the first was written as 1, write 0 for it and so on; else a data.yaml beside the "
    "labels names all (names: [a, b])"
)


def count_from_one(classes: Sequence[str], used: Collection[str]) -> bool:
    """Whether the `used` of some classes, which are all numbers, begin at 1.

    >>> count_from_one(("0", "1"), {"1"}), count_from_one(("0", "1"), {"0"})
    (True, False)
    >>> count_from_one(("0", "1", "2"), {"2"}), count_from_one(("cell", "1"), {"1"})
    (False, False)
    """
    numbers = tuple(str(number) for number in range(len(classes)))
    return tuple(classes) == numbers and "0" not in used and "1" in used
