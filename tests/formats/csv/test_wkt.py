"""Outlines of databases, as text and as binary."""

import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from tests.formats import scenes


@pytest.mark.parametrize("column", ["outline", "geometry", "WKT", "wkb"])
@pytest.mark.parametrize("binary", [False, True])
def test_outlines_of_databases_are_read_as_text_or_binary(tmp_path, column, binary):
    found = scenes.ring_with_island()
    texts = [shapely.to_wkb(p, hex=True) if binary else f'"{p.wkt}"' for p in found.polygons]
    lines = [f"{name},{text}" for name, text in zip(scenes.named(found), texts, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"class,{column}", *lines, ""]))
    again = formats.read(tmp_path / "a.csv")
    assert (again.polygons == found.polygons).all()
    assert scenes.named(again) == scenes.named(found)
    formats.write(tmp_path / "b.csv", again)
    assert "wk" not in (tmp_path / "b.csv").read_text().splitlines()[0].lower()


def test_a_binary_outline_that_is_cut_short_is_said_with_its_line(tmp_path):
    text = shapely.to_wkb(shapely.box(0, 0, 2, 2), hex=True)
    (tmp_path / "a.csv").write_text(f"wkb\n{text}\n{text[:-9]}\n")
    with pytest.raises(InputError, match="line 3: the outline is no well-known text or is cut"):
        formats.read(tmp_path / "a.csv")
