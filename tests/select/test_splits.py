"""Splits: deterministic, whatever the order on disk; groups stay together."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontur.errors import InputError
from kontur.select import folds, holdout, nested

NAMES = [f"image_{i:02}" for i in range(20)]
names = st.lists(st.text("abc", min_size=1, max_size=3), min_size=2, max_size=30, unique=True)


@given(names, st.floats(0.01, 0.99), st.integers(0, 5))
@settings(max_examples=100)
def test_a_split_parts_the_names_and_leaves_none_empty(names, fraction, seed):
    split = holdout(names, fraction, seed)
    assert sorted(split.train + split.held) == sorted(names)
    assert split.train
    assert split.held
    wanted = min(max(fraction * len(names), 1), len(names) - 1)
    assert abs(len(split.held) - wanted) <= 1


@given(names, st.integers(2, 5), st.integers(0, 5))
@settings(max_examples=100)
def test_every_name_is_held_out_in_one_fold_and_folds_are_even(names, k, seed):
    k = min(k, len(names))
    splits = folds(names, k, seed)
    assert len(splits) == k
    assert sorted(name for split in splits for name in split.held) == sorted(names)
    for split in splits:
        assert sorted(split.train + split.held) == sorted(names)
    sizes = [len(split.held) for split in splits]
    assert max(sizes) - min(sizes) <= 1


def test_the_order_on_disk_plays_no_part_and_the_seed_does():
    mixed = random.Random(0).sample(NAMES, len(NAMES))
    assert set(holdout(NAMES, 0.3, 1).held) == set(holdout(mixed, 0.3, 1).held)
    for one, other in zip(folds(NAMES, 4, 1), folds(mixed, 4, 1), strict=True):
        assert set(one.held) == set(other.held)
    assert holdout(NAMES, 0.3, 1).held != holdout(NAMES, 0.3, 2).held
    assert holdout(mixed, 0.3, 1).train == [n for n in mixed if n in holdout(NAMES, 0.3, 1).train]


def test_a_name_more_moves_few_others():
    before = set(holdout(NAMES, 0.3, 0).held)
    after = set(holdout([*NAMES, "late"], 0.3, 0).held)
    assert len(before ^ after) <= 2


def test_a_split_stays_what_it_was():
    # written down once: models name their validation images, and these must not move
    assert holdout(NAMES, 0.2, 0).held == ["image_02", "image_03", "image_05", "image_09"]


@given(st.lists(st.integers(1, 6), min_size=3, max_size=10), st.integers(0, 5), st.floats(0.1, 0.9))
@settings(max_examples=100)
def test_groups_are_never_split(sizes, seed, fraction):
    groups = {f"{g}-{i}": str(g) for g, size in enumerate(sizes) for i in range(size)}
    names = list(groups)
    one = holdout(names, fraction, seed, groups=groups)
    for split in [one, *folds(names, 3, seed, groups=groups)]:
        train, held = ({groups[name] for name in side} for side in split)
        assert train
        assert held
        assert not train & held


def test_labels_are_spread_evenly():
    labels = {name: "rare" if i < 6 else "common" for i, name in enumerate(NAMES)}
    for seed in range(5):
        rare = [
            sum(labels[n] == "rare" for n in s.held) for s in folds(NAMES, 3, seed, labels=labels)
        ]
        assert rare == [2, 2, 2]
        held = holdout(NAMES, 0.5, seed, labels=labels).held
        assert sum(labels[n] == "rare" for n in held) == 3
        assert len(held) == 10


def test_a_group_counts_as_its_commonest_label():
    groups = {name: str(i // 5) for i, name in enumerate(NAMES)}
    labels = {name: "ab"[i // 10] if i % 5 else "c" for i, name in enumerate(NAMES)}
    for split in folds(NAMES, 2, 0, groups=groups, labels=labels):
        assert sorted(labels[name] for name in split.held) == ["a"] * 4 + ["b"] * 4 + ["c"] * 2


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 5, float("nan")])
def test_fractions_outside_zero_to_one_are_refused(fraction):
    with pytest.raises(InputError, match="between 0 and 1"):
        holdout(NAMES, fraction, 0)


def test_what_cannot_be_split_is_refused():
    one = dict.fromkeys(NAMES, "the same well")
    with pytest.raises(InputError, match="at least two names, got 1"):
        holdout(["a"], 0.5, 0)
    with pytest.raises(InputError, match="at least two names, got 0"):
        holdout([], 0.5, 0)
    with pytest.raises(InputError, match="at least two groups, got 1"):
        holdout(NAMES, 0.5, 0, groups=one)
    with pytest.raises(InputError, match="3 folds need at least 3 groups, got 1"):
        folds(NAMES, 3, 0, groups=one)
    with pytest.raises(InputError, match="30 folds need at least 30 names, got 20; use fewer"):
        folds(NAMES, 30, 0)
    with pytest.raises(InputError, match="at least 2 folds, got 1"):
        folds(NAMES, 1, 0)


def test_doubled_names_and_names_without_a_group_are_named():
    with pytest.raises(InputError, match="'a' more than once"):
        folds(["a", "b", "a"], 2, 0)
    with pytest.raises(InputError, match="'b' has no group"):
        holdout(["a", "b"], 0.5, 0, groups={"a": "x"})
    with pytest.raises(InputError, match="'b' and 1 other have no label"):
        holdout(["a", "b", "c"], 0.5, 0, labels={"a": "x"})


@given(names, st.lists(st.floats(0.01, 1.0), min_size=1, max_size=5), st.integers(0, 5))
@settings(max_examples=100)
def test_smaller_parts_lie_within_larger_ones(names, shares, seed):
    parts = [set(part) for part in nested(names, sorted(shares), seed, fewest=2)]
    assert all(smaller <= larger for smaller, larger in pairwise(parts))
    for share, part in zip(sorted(shares), parts, strict=True):
        assert part <= set(names)
        assert len(part) == min(len(names), max(2, round(share * len(names))))


def test_a_part_keeps_the_order_of_the_names_and_the_whole_is_all():
    half, whole = nested(NAMES, [0.5, 1.0], 3)
    assert half == [name for name in NAMES if name in half]
    assert whole == NAMES


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_shares_outside_zero_to_one_are_refused(share):
    with pytest.raises(InputError, match="above 0 and up to 1"):
        nested(NAMES, [share], 0)


def test_folds_take_time_by_the_name_and_not_by_its_square():
    def seconds(count):
        rows = [str(row) for row in range(count)]
        labels = {row: "ab"[int(row) % 2] for row in rows}
        start = time.process_time()
        folds(rows, 5, 0, labels=labels)
        return time.process_time() - start

    few, many = min(seconds(2_000) for _ in range(3)), seconds(40_000)
    assert many < 80 * few  # 20 times as many; by the square 400


def test_folds_stay_what_they_were():
    # written down once, with sums made anew for every name
    labels = {name: "rare" if i < 6 else "common" for i, name in enumerate(NAMES)}
    groups = {name: str(i // 3) for i, name in enumerate(NAMES)}
    held = [s.held for s in folds(NAMES, 3, 0, groups=groups, labels=labels)]
    numbers = [[int(name.removeprefix("image_")) for name in names] for names in held]
    assert numbers == [[12, 13, 14, 15, 16, 17], [0, 1, 2, 9, 10, 11, 18, 19], [*range(3, 9)]]


def test_a_label_of_fewer_names_than_folds_is_in_as_many_folds_and_these_stay_even():
    labels = {name: "rare" if i < 2 else "other" if i < 5 else "" for i, name in enumerate(NAMES)}
    for seed in range(5):
        splits = folds(NAMES[:13], 5, seed, labels=labels)
        for label, number in (("rare", 2), ("other", 3)):
            held = [sum(labels[name] == label for name in split.held) for split in splits]
            assert sorted(held) == [0] * (5 - number) + [1] * number
        assert {len(split.held) for split in splits} == {2, 3}
