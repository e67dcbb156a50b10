import logging

from kontur.logged_once import lines_once

LOG = logging.getLogger("kontur.formats")


@lines_once()
def read_twice():
    for name in ("a", "b", "a"):
        LOG.warning("%s: repaired", name)


def test_a_line_is_logged_once_in_a_call_and_again_in_the_next(caplog):
    read_twice()
    assert caplog.messages == ["a: repaired", "b: repaired"]
    read_twice()
    assert len(caplog.messages) == 4
    LOG.warning("a: repaired")
    LOG.warning("a: repaired")
    assert len(caplog.messages) == 6
