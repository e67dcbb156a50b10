import base64
import io
import re

import numpy as np
import pytest
import shapely
from PIL import Image

from kontur.infer.prediction import Prediction
from kontur.instances import Instances


def seen(html):
    data = re.search(r"base64,([^\"]+)", html)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_prediction_shows_its_image_with_the_outlines(channels, dtype):
    image = np.zeros((40, 60, channels), dtype)
    image[10:30, 20:40] = 200
    found = Instances.of([shapely.box(20, 10, 40, 30)], size=(40, 60))
    html = Prediction(found, 2, 0.5, 99.0, image)._repr_html_()
    assert "image scaled by 0.50, bright is percentile 99, 2 outlines repaired" in html
    picture = seen(html)
    assert picture.shape == (213, 320, 3)
    assert picture[107, 160].tolist() == [255, 255, 255]
    assert picture[5, 5].tolist() == [0, 0, 0]
    assert np.ptp(picture[107, 107]) > 100  # the line has a colour


def test_a_prediction_with_a_range_is_shown_in_it():
    image = np.full((40, 60, 1), 150, np.uint16)
    prediction = Prediction(Instances.empty((40, 60)), 0, 1.0, (100.0, 200.0), image, "its words")
    html = prediction._repr_html_()
    assert "the range of intensities is 100,200, its words" in html
    assert seen(html)[5, 5, 0] == 127


def test_a_prediction_without_its_image_shows_the_outlines_alone():
    html = Prediction(Instances.empty((4, 5)), 0, 1.0)._repr_html_()
    assert "0 objects in 4×5 pixels<" in html


def test_a_large_image_is_shown_small_and_named_in_a_line():
    image = np.zeros((3000, 5000, 1), np.uint8)
    prediction = Prediction(Instances.empty((3000, 5000)), 0, 1.0, None, image)
    assert len(prediction._repr_html_()) < 2000
    assert "array" not in repr(prediction)
