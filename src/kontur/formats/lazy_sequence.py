"""A sequence whose values are made when they are taken, and held by nobody."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

Value = TypeVar("Value")


class LazySequence(Sequence[Value], Generic[Value]):
    """So many values, each made by its number from 0; one that is taken twice is made twice.

    >>> squares = LazySequence(4, lambda number: number**2)
    >>> list(squares), squares[-1], squares[1:3], len(LazySequence(0, str))
    ([0, 1, 4, 9], 9, [1, 4], 0)
    """

    def __init__(self, count: int, value: Callable[[int], Value]):
        self._numbers, self._value = range(count), value

    def __iter__(self) -> Iterator[Value]:
        """Each value; what `value` raises comes out, an `IndexError` too, and is no end."""
        return map(self._value, self._numbers)

    def __len__(self) -> int:
        """How many values there are."""
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Value: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Value]: ...

    def __getitem__(self, place: int | slice) -> Value | Sequence[Value]:
        """The value of a number; those of a slice in a list."""
        if isinstance(place, slice):
            return [self._value(number) for number in self._numbers[place]]
        return self._value(self._numbers[place])
