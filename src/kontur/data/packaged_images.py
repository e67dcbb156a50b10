"""Example images that come inside other packages.

They are found through the packages' locations; nothing of these packages is imported.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from kontur import extra


class PackagedImage(NamedTuple):
    """An image file inside a package, what it shows and how to get it."""

    name: str
    package: str
    file: str
    about: str
    install: Callable[[], str]  # asked for when it is missing: to find out takes a while

    def path(self) -> Path | None:
        """Where the file lies; None where the package is not installed or came without it."""
        spec = find_spec(self.package)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / self.file
        return path if path.is_file() else None


NUCLEI = PackagedImage(
    name="nuclear",
    package="mahotas",
    file="demos/data/nuclear.png",
    about="nuclei in fluorescence, from the mahotas package",
    install=lambda: extra.install("demo"),
)
COINS = PackagedImage(
    name="coins",
    package="skimage",
    file="data/coins.png",
    about="Greek coins from Pompeii, from the scikit-image package",
    install=lambda: "pip install scikit-image",
)
