"""The command line; each command calls the package that does its work."""

import sys
import warnings


def main() -> None:
    """Run `kontur` with the arguments of this process; see `app`.

    Other packages' warnings are for programmers, who may ask for them by `PYTHONWARNINGS`.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        from kontur.cli.app import app

        app()
    except KeyboardInterrupt:  # before any command has begun
        sys.exit(130)
