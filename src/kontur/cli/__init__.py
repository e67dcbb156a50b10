"""The command line: a command is a sentence, and its work is done in the rooms below."""

import sys


def main() -> None:
    """Run `kontur` with the arguments of this process; see `app`."""
    try:
        from kontur.cli.app import app

        app()
    except KeyboardInterrupt:  # before any command could say something better
        sys.exit(130)
