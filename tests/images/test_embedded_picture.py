"""The picture inside a file of outlines."""

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.images import embedded_picture
from kontur.images.image_file import read_image
from tests.data import drawn, published


def test_the_picture_inside_a_labelme_file_is_read_as_it_is_or_refused_by_its_name(tmp_path):
    published.labelme_with_the_pictures_inside(tmp_path)
    path = tmp_path / "001.json"
    assert np.array_equal(read_image(path).pixels[..., 0], drawn.picture(1))
    assert embedded_picture.is_in(path)
    path.write_text(path.read_text().replace("/", "\\/"))  # as some writers of JSON have slashes
    assert np.array_equal(read_image(path).pixels[..., 0], drawn.picture(1))
    path.write_text(
        path.read_text().replace('"imageData": "', '"imageData": "data:image/png;base64,')
    )
    assert np.array_equal(read_image(path).pixels[..., 0], drawn.picture(1))
    published.labelme_with_the_pictures_inside(tmp_path)
    path.write_text(path.read_text().replace('"imageData": "iVBO', '"imageData": "AAAA'))
    with pytest.raises(InputError, match=r"001\.json \(imageData\) is not an image"):
        read_image(path)
    path.write_text(path.read_text().replace('"imageData": "AAAA', '"imageData": "A?A'))
    with pytest.raises(InputError, match=r"001\.json: the picture inside .* is damaged"):
        read_image(path)
    published.write(path, published.labelme_content("001.png"))
    assert not embedded_picture.is_in(path)
    with pytest.raises(InputError, match=r"001\.json has no picture inside"):
        read_image(path)
