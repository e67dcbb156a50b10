"""Images of VIA, told apart by the sizes of their files."""

import pytest

from kontur import formats
from kontur.errors import InputError


def test_images_of_one_name_are_told_apart_by_the_size_of_their_files_or_refused(tmp_path):
    heading = (
        "filename,file_size,file_attributes,region_count,region_id,"
        "region_shape_attributes,region_attributes"
    )
    shape = '"{""name"":""rect"",""x"":1,""y"":1,""width"":3,""height"":3}"'
    rows = [f'a.png,{size},"{{}}",1,0,{shape},"{{}}"' for size in (10, 11, 11)]
    (tmp_path / "a.csv").write_text("\n".join([heading, *rows]))
    entries = formats.read_images(tmp_path / "a.csv")
    assert [len(entry.instances) for entry in entries] == [1, 2]
    formats.write_images(tmp_path / "b.via.json", entries)
    assert [len(one.instances) for one in formats.read_images(tmp_path / "b.via.json")] == [1, 2]
    with pytest.raises(InputError, match=r"two images of the name 'a\.png'; rename one"):
        formats.write_images(tmp_path / "c.via.json", [entries[0], entries[0]])
    assert not (tmp_path / "c.via.json").exists()
