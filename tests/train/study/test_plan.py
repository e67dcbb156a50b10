"""What is learned from and validated on within a fold, where images are few and classes rare."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontur.select import folds
from kontur.train.study.plan import learn_and_validate, missing_classes, rarest_class

CELL, BOTH, NONE = frozenset({"cell"}), frozenset({"cell", "nerve"}), frozenset()


def images(*kinds):
    return {f"image-{i:02}": kind for i, kind in enumerate(kinds)}


def part(shown, share=0.1, **options):
    return learn_and_validate([*shown], share, 0, classes_by_image=shown, **options)


@pytest.mark.parametrize(("number", "wanted"), [(2, 1), (4, 1), (6, 2), (8, 2), (14, 2), (40, 4)])
def test_of_few_images_two_are_validated_on_and_a_quarter_at_most(number, wanted):
    split = part(images(*[CELL] * number))
    assert (len(split.train), len(split.held)) == (number - wanted, wanted)


def test_a_share_that_is_larger_is_kept():
    assert len(part(images(*[CELL] * 10), share=0.5).held) == 5


def test_images_that_are_validated_on_have_objects():
    for seed in range(10):
        shown = images(*[NONE] * 7, *[CELL] * 3)
        held = learn_and_validate([*shown], 0.1, seed, classes_by_image=shown).held
        assert CELL in {shown[name] for name in held}
        assert CELL in {shown[name] for name in {*shown} - {*held}}
    only = images(*[NONE] * 4, CELL)
    assert next(name for name in only if only[name]) in part(only).train


def test_of_many_images_some_without_objects_are_validated_on_too():
    shown = images(*[NONE] * 30, *[CELL] * 30)
    assert [shown[name] for name in part(shown).held] == [NONE] * 3 + [CELL] * 3


def test_the_only_image_of_a_class_is_learned_from():
    for seed in range(10):
        shown = images(BOTH, *[CELL] * 5)
        assert "image-00" in learn_and_validate([*shown], 0.2, seed, classes_by_image=shown).train
        assert part(images(BOTH, CELL)).train == ["image-00"]


def test_groups_stay_together_and_one_alone_is_parted():
    shown = images(*[CELL] * 8)
    groups = {name: str(i // 2) for i, name in enumerate(shown)}
    split = part(shown, groups=groups)
    assert len(split.held) == 2
    assert len({groups[name] for name in split.held}) == 1
    assert len(part(shown, groups=dict.fromkeys(shown, "one")).held) == 2


kinds = st.lists(st.sets(st.sampled_from("abc")).map(frozenset), min_size=2, max_size=25)


@given(kinds, st.integers(0, 3), st.floats(0.01, 0.6), st.booleans())
@settings(max_examples=150)
def test_every_image_is_in_one_part_and_none_is_empty(kinds, seed, share, grouped):
    shown = images(*kinds)
    groups = {name: str(i % 3) for i, name in enumerate(shown)} if grouped else None
    split = learn_and_validate([*shown], share, seed, classes_by_image=shown, groups=groups)
    assert sorted([*split.train, *split.held]) == [*shown]
    assert split.train
    assert split.held


def test_an_image_counts_as_its_rarest_class_and_folds_have_some_of_each():
    shown = images(*[BOTH] * 3, *[CELL] * 7, *[NONE] * 3)
    labels = rarest_class(shown)
    assert [*labels.values()] == ["nerve"] * 3 + ["cell"] * 7 + [""] * 3
    for split in folds([*shown], 3, 0, labels=labels):
        held = [shown[name] for name in split.held]
        assert (held.count(BOTH), held.count(NONE)) == (1, 1)
    assert (
        missing_classes([split.train for split in folds([*shown], 3, 0, labels=labels)], shown)
        == ""
    )


def test_what_a_fold_cannot_learn_is_named_with_the_fold():
    shown = images(BOTH, CELL, CELL, frozenset({"vessel"}))
    learned = [["image-00", "image-01"], ["image-01", "image-03"], ["image-01"]]
    assert missing_classes(learned, shown) == "vessel (folds 1, 3), nerve (folds 2, 3)"
