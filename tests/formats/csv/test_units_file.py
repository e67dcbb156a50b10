"""Outlines that take the place of a measured table take its units away, which are of that table."""

import pytest
import shapely

import kontur
from kontur import formats
from kontur.formats.csv.units_file import units_file
from kontur.instances import Instances
from kontur.measure.tables.table_files import read_table, write_table

FOUND = Instances.of([shapely.box(2, 2, 6, 8)], size=(20, 30))


def written(place, found):
    kontur.write(place, found)


def streamed(place, found):
    with formats.stream_image(place, formats.ImageAnnotation("a", found.size, found)) as add:
        add(found)


@pytest.mark.parametrize("write", [written, streamed])
def test_a_table_of_outlines_has_no_units_of_a_measured_one_that_stood_there(tmp_path, write):
    place = tmp_path / "cells.csv"
    write_table(place, kontur.measure(FOUND, pixel_size=0.5))
    assert read_table(place).attrs["units"]["area"] == "µm²"
    write(place, FOUND)
    assert not units_file(place).exists()
    assert read_table(place).attrs["units"].get("area", "") != "µm²"


@pytest.mark.parametrize("content", [b"my notes,on units\n", b"", bytes(range(256))])
def test_what_is_not_of_a_measured_table_stays(tmp_path, content):
    units_file(tmp_path / "cells.csv").write_bytes(content)
    kontur.write(tmp_path / "cells.csv", FOUND)
    assert units_file(tmp_path / "cells.csv").read_bytes() == content
