"""The command line; each command calls the package that does its work."""

import gc
import os
import sys
import warnings

# After so many new objects Python looks for cycles among them. Its own 700 take 5 % of the time of
# a folder of images: outlines are many objects without cycles.
CYCLES_SOUGHT_AFTER = 50_000


def main() -> None:
    """Run `kontur` with the arguments of this process; see `app`.

    Other packages' warnings are for programmers, who may ask for them by `PYTHONWARNINGS`; it is
    set for the processes that a command starts, too.
    """
    gc.set_threshold(CYCLES_SOUGHT_AFTER)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        from kontur.cli.app import app

        app()
    except KeyboardInterrupt:  # before any command has begun
        sys.exit(130)
    finally:
        gc.freeze()  # Python looks for cycles once more when it ends: 65 ms, for nothing
