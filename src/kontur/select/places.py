"""What is held out of things in a row, such as the planes of one volume: the last of them.

Neighbours show the same objects, so that single planes, drawn by chance, would leak what is held
out. The last ones are held out together, and those just before them are left out of both parts.
"""

from collections.abc import Collection

GAP = 1 / 20  # of the places, one at least, left out before those that are held out


def last_places(places: Collection[int], fraction: float) -> set[int]:
    """About `fraction` of the different places, the last ones: one at least, and never all.

    Of fewer than two places none.

    >>> sorted(last_places(range(10), 0.2)), last_places([3], 0.2)
    ([8, 9], set())
    """
    known = sorted(set(places))
    count = min(max(1, round(fraction * len(known))), len(known) - 1)
    return set(known[len(known) - count :]) if count > 0 else set()


def not_beside_held(places: Collection[int], held: Collection[int]) -> set[int]:
    """The places that are not held out, without those next to them, where others are left.

    >>> examples = [(range(10), {8, 9}), ([0, 1], {1}), ([0, 9], {9})]
    >>> [sorted(not_beside_held(places, held)) for places, held in examples]
    [[0, 1, 2, 3, 4, 5, 6], [0], [0]]
    """
    rest = set(places) - set(held)
    gap = max(1, round(GAP * len(set(places))))
    near = {place + step for place in held for step in range(-gap, gap + 1)}
    return rest - near or rest
