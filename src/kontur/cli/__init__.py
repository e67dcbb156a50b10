"""The command line; each command calls the package that does its work."""

import sys


def main() -> None:
    """Run `kontur` with the arguments of this process; see `app`."""
    try:
        from kontur.cli.app import app

        app()
    except KeyboardInterrupt:  # before any command has begun
        sys.exit(130)
