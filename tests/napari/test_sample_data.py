import numpy as np
import pytest

from kontur.data.packaged_images import PackagedImage
from kontur.errors import InputError
from kontur.napari import sample_data
from kontur.napari.layers import instances_of


def test_a_drawn_image_comes_with_its_outlines():
    (image, _, kind), outlines = sample_data.drawn_cells()
    assert (kind, image.shape, image.dtype) == ("image", (384, 384), np.uint8)
    (found,) = instances_of(*outlines).values()
    inside = found.label_image() > 0
    assert image[inside].mean() > 2 * image[~inside].mean()


@pytest.mark.parametrize("make", [sample_data.nuclei, sample_data.coins])
def test_real_images_are_grey(make):
    ((image, _, _),) = make()
    assert image.ndim == 2
    assert image.std() > 0


def test_an_image_whose_package_is_missing_says_what_to_install(monkeypatch):
    gone = PackagedImage("gone", "no_such_package", "x.png", "nothing", lambda: "pip install it")
    monkeypatch.setattr(sample_data, "COINS", gone)
    with pytest.raises(InputError, match="is not installed; pip install it"):
        sample_data.coins()
