import numpy as np
import pytest

from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.sources.plane_sources import plane_sources
from tests.data import drawn

LABELS = np.kron(drawn.squares(), np.ones((3, 3), np.uint16))


@pytest.fixture
def places(tmp_path):
    """An image, its outlines and its label image, each in a folder."""
    drawn.save(tmp_path / "images" / "a.png", drawn.picture(size=LABELS.shape))
    drawn.save(tmp_path / "numbers" / "a.png", LABELS)
    formats.write(tmp_path / "outlines" / "a.geojson", Instances.from_label_image(LABELS))
    return tmp_path


@pytest.mark.parametrize("second", ["outlines", "outlines/a.geojson", "numbers/a.png", "numbers"])
@pytest.mark.parametrize("first", ["images", "images/a.png"])
@pytest.mark.parametrize("find", [find_sources, plane_sources])
def test_exchanged_images_and_outlines_are_told_and_the_right_order_is_taken(
    places, find, first, second
):
    images, outlines = places / first, places / second
    with pytest.raises(InputError, match=rf"exchange them \(kontur measure {outlines} {images}\)"):
        find(images, [str(outlines)])
    (source,) = find(outlines, [str(images)]).images
    assert len(source.read().instances) == 3


def test_two_images_and_two_outlines_are_not_called_exchanged(places):
    image = str(places / "images" / "a.png")
    for first, second in [(image, image), (places / "outlines", str(places / "outlines"))]:
        with pytest.raises(InputError) as caught:
            find_sources(places / first, [second]).images[0].read()
        assert "exchange" not in str(caught.value)


def test_a_colour_image_of_which_one_channel_is_full_is_an_image_too(places):
    green = drawn.picture(size=LABELS.shape).reshape(*LABELS.shape, -1)[:, :, 0]
    drawn.save(places / "images" / "a.png", np.dstack([np.full_like(green, 255), green, green]))
    with pytest.raises(InputError, match="exchange them"):
        find_sources(places / "images", [str(places / "numbers")])
