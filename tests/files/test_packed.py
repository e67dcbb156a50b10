import gzip
import json
import zipfile

import pytest

from kontur import formats
from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.files import packed
from kontur.formats.geojson import format as geojson
from tests.data import drawn
from tests.formats import scenes


def text():
    return json.dumps(geojson.to_document(scenes.ring_with_island())).encode()


def pack(path, content, name="a.geojson"):
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.geojson.gz"])
def test_geojson_that_qupath_compressed_is_read_like_the_plain_file(tmp_path, name):
    path = pack(tmp_path / name, text())
    assert formats.format_of(path) is formats.FORMATS["geojson"]
    scenes.assert_close(scenes.ring_with_island(), formats.read(path))
    drawn.save(tmp_path / "a.png", drawn.picture()[:10, :12])
    assert [len(one.instances) for one in open_folder(tmp_path).samples] == [3]


@pytest.mark.parametrize("name", ["a.zip", "a.geojson.gz"])
def test_what_is_packed_and_damaged_or_too_large_is_one_sentence(tmp_path, name):
    path = pack(tmp_path / name, text())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError, match=r"damaged|cut short|cannot be read"):
        formats.read(path)
    blanks = packed.AT_LEAST + 1 - 15
    pack(path, b'{"features": []' + b" " * blanks + b"}")
    assert path.stat().st_size < packed.AT_LEAST / 500
    with pytest.raises(InputError, match="unpacks to more than 67,108,864 bytes"):
        formats.read(path)


def test_a_zip_of_several_files_is_not_guessed_at(tmp_path):
    path = pack(tmp_path / "a.zip", text())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b.geojson", text())
    with pytest.raises(InputError, match=r"holds no ImageJ ROI but a\.geojson, b\.geojson; unpack"):
        formats.read(path)
