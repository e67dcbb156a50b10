import pytest

from kontur.data.folder import open_folder
from kontur.errors import InputError


def test_images_of_makers_are_counted_by_ending_with_what_to_do(tmp_path):
    for name in ("a.czi", "b.czi", "c.nd2"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"2 \.czi \(a Zeiss CZI image: export .*; 1 \.nd2"):
        open_folder(tmp_path)
