"""Warnings that Kontur logs, on standard error, each once: a file may be read several times."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class _Once(logging.Handler):
    """Prints a message that was not printed before."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message not in self._printed:
            self._printed.add(message)
            typer.echo(message, err=True)


@contextmanager
def print_warnings_once() -> Iterator[None]:
    """Print the warnings that Kontur logs during the block, equal ones once."""
    logger, handler = logging.getLogger("kontur"), _Once()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
