"""A file that is read several times is warned of once."""

import logging

import numpy as np

from kontur import formats
from kontur.cli.print_warnings import print_warnings_once
from kontur.instances import Instances
from kontur.instances.plane import Plane


def test_equal_warnings_of_any_room_are_printed_once_a_command(capsys):
    for _ in range(2):
        with print_warnings_once():
            for room in ("kontur.formats", "kontur.infer", "kontur.formats"):
                logging.getLogger(room).warning("%s: no outline is on page %d", "a.geojson", 2)
                logging.getLogger(room).info("read")
        assert capsys.readouterr().err == "a.geojson: no outline is on page 2\n"
    assert not logging.getLogger("kontur").handlers


def test_evaluate_warns_once_of_a_page_without_outlines(kontur, tmp_path):
    found = Instances.from_label_image(np.kron(np.diag([1, 2]), np.ones((8, 8), int)))
    for folder, page in (("true", 1), ("found", 0)):
        formats.write(
            tmp_path / folder / "a.geojson", found.replace(plane=Plane(page=page, z=page))
        )
    output = kontur("evaluate", tmp_path / "found", tmp_path / "true", "--page", 1)
    assert output.count("no outline is on page 1") == 1
