"""A wrong shape, type or result of any function of `kontur` fails the test that calls it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pytest
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float, TypeCheckError

from kontur.geometry.ring import signed_area
from tests.annotations import checked
from tests.models.contract import unchecked

if TYPE_CHECKING:
    from nowhere import Absent

REFUSED = (BeartypeCallHintViolation, TypeCheckError)
Points = Float[np.ndarray, "n 2"]
THREE, FOUR = np.zeros((3, 2)), np.zeros((4, 2))


@checked
def add(a: Points, b: Points) -> Points:
    return a + b if len(a) == 3 else a[1:]


@checked
def join(several: Sequence[Points]) -> Float[np.ndarray, "n 4"]:
    return np.hstack([*several])


@checked
def zeros(count: int, *, of: "Absent | None" = None) -> Float[np.ndarray, " {count}"]:
    return np.zeros(3)


@checked
def one_by_one(points: Points) -> Iterator[Float[np.ndarray, "2"]]:
    yield from points


@checked
def times(number: float, word: str = "") -> str:
    return word * int(number) if word else None


@checked
@dataclass
class Ring:
    points: Points

    @checked
    def itself(self) -> Self:
        return self

    @checked
    def beside(self, other: "Ring") -> "Ring":
        return other


@checked
class Pair(NamedTuple):
    one: int


@pytest.mark.parametrize(
    "call",
    [
        lambda: signed_area(np.zeros((3, 3))),  # as every function of the package
        lambda: add(THREE, FOUR),  # two numbers of one name
        lambda: add(FOUR, FOUR),  # a result of another
        lambda: add(THREE, THREE.astype(int)),
        lambda: add(THREE, b=None),
        lambda: join([FOUR[:, :1]]),
        lambda: zeros(4),
        lambda: one_by_one(FOUR.T),
        lambda: times("2", "a"),
        lambda: times(2, None),
        lambda: times(2),
        lambda: Ring(np.zeros(3)),
        lambda: Ring(THREE).beside(THREE),
    ],
)
def test_what_no_annotation_allows_is_refused(call):
    with pytest.raises(REFUSED):
        call()


def test_what_annotations_allow_is_as_without_them():
    assert add(THREE, THREE).shape == (3, 2)
    assert add(b=THREE, a=THREE).shape == (3, 2)  # the axes of another call are its own
    assert join([FOUR, FOUR]).shape == (4, 4)
    assert join((THREE, THREE)).shape == (3, 4)
    assert len(zeros(3)) == len(list(one_by_one(THREE))) == 3
    assert zeros(3, of=5).sum() == 0  # a name that only other tools look up
    assert times(2, word="ab") == times(2.5, "ab") == "abab"  # an int where floats are
    ring = Ring(THREE)
    assert ring.itself() is ring.beside(ring) is ring
    assert Pair(1).one == 1


def test_axes_are_of_the_innermost_call():
    @checked
    def outer(points: Points) -> Points:
        assert add(THREE, THREE).shape == (3, 2)
        return points

    assert outer(FOUR) is FOUR


def test_nothing_is_checked_where_that_is_asked_for():
    with unchecked():
        assert add(FOUR, THREE[:, :1]).shape == (3, 2)
        assert times(2) is None
    with pytest.raises(REFUSED):
        times(2)


def test_an_error_of_the_function_itself_is_passed_on_and_the_next_call_is_checked():
    @checked
    def fails(points: Points) -> Points:
        raise KeyError("its own")

    for _ in range(2):
        with pytest.raises(KeyError, match="its own"):
            fails(THREE)
    with pytest.raises(REFUSED):
        add(THREE, FOUR)
