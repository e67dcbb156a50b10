"""Lines of logging, each once in a call that may read a file several times."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lines_once() -> Iterator[None]:
    """Drop what Kontur has logged before in the block, or in the function that this decorates."""
    known = logging.root.manager.loggerDict.items()
    ours = [log for name, log in known if name.startswith("kontur.")]
    loggers = [log for log in ours if isinstance(log, logging.Logger)]
    logged: set[tuple[str, str]] = set()

    def is_new(record: logging.LogRecord) -> bool:
        line = record.levelname, record.getMessage()
        new = line not in logged
        logged.add(line)
        return new

    for logger in loggers:
        logger.addFilter(is_new)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_new)
