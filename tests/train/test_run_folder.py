"""The folder of a run: where one may begin."""

import pytest

from kontur.errors import InputError
from kontur.train.run_folder import CONFIG, refuse_other_work
from tests.data import drawn
from tests.train.runs import run


@pytest.mark.parametrize("inside", ["", "images"])
def test_a_run_does_not_begin_among_images(tmp_path, inside):
    cells = drawn.labelled(tmp_path / "cells")
    with pytest.raises(InputError, match=r"holds images .* such as .*cells/run$"):
        run(cells, cells / inside, force=True)
    assert not (cells / inside / CONFIG).exists()
    (cells / CONFIG).touch()
    refuse_other_work(cells)  # a run that an older Kontur began there
