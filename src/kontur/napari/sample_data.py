"""Sample data: real images that come inside other packages, and a drawn one with its outlines."""

import numpy as np

from kontur.data.normalisation.normalise import collapse
from kontur.data.packaged_images import COINS, NUCLEI, PackagedImage
from kontur.data.synthetic import scene
from kontur.errors import InputError
from kontur.images.image_file import read_image
from kontur.napari.layers import layer_of
from kontur.napari.origin import Origin
from kontur.napari.shapes_layer import LayerData


def nuclei() -> list[LayerData]:
    """Nuclei in fluorescence."""
    return _packaged(NUCLEI)


def coins() -> list[LayerData]:
    """Coins on a grey ground."""
    return _packaged(COINS)


def drawn_cells() -> list[LayerData]:
    """A drawn image of cells of four shapes, some with holes, with their exact outlines."""
    sample = scene(np.random.default_rng(7), size=(384, 384), count=40, holes=0.2, classes="shapes")
    origin = Origin({(): sample.instances}, image_name="drawn.png")
    image: LayerData = (sample.image[:, :, 0], {"name": "drawn cells"}, "image")
    return [image, layer_of(origin, name="outlines")]


def _packaged(image: PackagedImage) -> list[LayerData]:
    path = image.path()
    if path is None:
        raise InputError(f"the image ({image.about}) is not installed; {image.install()}")
    pixels = collapse(read_image(path).pixels)
    grey = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    return [(grey, {"name": image.name}, "image")]
