"""Warnings of the program on standard error, each once: a file may be read several times."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class _Once(logging.Handler):
    """Prints a message that was not printed before."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message not in self._told:
            self._told.add(message)
            typer.echo(message, err=True)


@contextmanager
def told_once() -> Iterator[None]:
    """Print the lines of logging of all rooms during the block, equal ones once."""
    logger, handler = logging.getLogger("kontur"), _Once()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
