"""The command line; each command calls the package that does its work."""

import os
import sys
import warnings


def main() -> None:
    """Run `kontur` with the arguments of this process; see `app`.

    Other packages' warnings are for programmers, who may ask for them by `PYTHONWARNINGS`; it is
    set for the processes that a command starts, too.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        from kontur.cli.app import app

        app()
    except KeyboardInterrupt:  # before any command has begun
        sys.exit(130)
