"""Plane: the position of an image in a stack, in depth and time."""

from typing import NamedTuple


class Plane(NamedTuple):
    """Depth and time in a stack, both from 0.

    A stack of pages of unknown meaning counts as a time series. `page` is the plane's number in its
    file, as `--page` counts, where that is neither its depth nor its time: in a stack of both, and
    behind another image.

    >>> Plane(z=3).number, Plane(t=2).number, Plane(z=1, t=1, page=4).number
    (3, 2, 4)
    """

    z: int = 0
    t: int = 0
    page: int | None = None

    @property
    def number(self) -> int:
        """The number of the page, as `--page` counts, as far as it is known."""
        return (self.z or self.t) if self.page is None else self.page

    def numbered(self, page: int) -> "Plane":
        """The plane as the page `page` of its file."""
        return self if self.number == page else self._replace(page=page)


def plane_of_page(page: int | None, pages: int | None = None) -> Plane | None:
    """The plane of `page` in a file whose pages have no declared meaning.

    None without a `page`, and where it is known that there is one alone.

    >>> plane_of_page(2), plane_of_page(None), plane_of_page(0, 1)
    (Plane(z=0, t=2, page=None), None, None)
    """
    return None if page is None or pages == 1 else Plane(t=page)
