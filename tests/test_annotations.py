"""The annotations of `kontur` are checked in tests: that they are is seen by breaking them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from jaxtyping import Float

from kontur.geometry.ring import signed_area
from tests.annotations import checked

decorated = checked(typechecker=None)


@decorated
def joined(a: Float[np.ndarray, "n 2"], b: Float[np.ndarray, "n 2"], c: float = 1) -> np.ndarray:
    return np.concatenate([a, b])


@decorated
def repeated(count: int) -> Float[np.ndarray, " {count}"]:
    return np.zeros(max(count, 2))


@decorated
def half(text: str, /, *, of: "list[int] | None" = None) -> "int":
    return text if of is None else len(text) // 2  # type: ignore[return-value]


@decorated
def counted(most: int) -> Iterator[int]:
    yield from range(most)


@decorated
@dataclass(frozen=True)
class Place:
    x: float


def test_what_fits_is_as_it_was():
    assert joined(np.zeros((3, 2)), np.ones((3, 2))).shape == (6, 2)
    assert (half("four", of=[1]), list(counted(2)), Place(1).x) == (2, [0, 1], 1)
    assert len(repeated(2)) == 2
    assert joined.__name__ == "joined"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: joined(np.zeros((3, 2)), np.zeros((4, 2))),  # one name, two sizes
        lambda: joined(np.zeros((3, 2)), np.zeros((3, 3))),
        lambda: joined(np.zeros((3, 2)), np.zeros((3, 2)), "1"),
        lambda: repeated(1),
        lambda: half(4),
        lambda: half("four"),  # what it returns
        lambda: half("four", of=["1"]),
        lambda: counted("2"),
        lambda: Place("here"),
        lambda: signed_area(np.zeros((3, 3))),  # of the package itself
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(TypeError, match=r"violates type hint|Type-check error"):
        wrong()
