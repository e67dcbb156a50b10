"""napari itself, or a sentence in `MISSING` where it is not installed or Qt cannot start.

In CI it must be there.

What it warns of at its import is its own affair.
"""

import os
import warnings
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
MISSING = ""
napari: Any = None
npe2: Any = None
ViewerModel: Any = None

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import napari
        import npe2
        import qtpy.QtWidgets  # noqa: F401  (an ImportError where Qt cannot start)
        from napari.components import ViewerModel
    except ImportError as error:
        if os.environ.get("CI"):
            raise
        MISSING = f"the plugin was not run in napari ({error}): pip install 'kontur[napari]'"
    else:
        npe2.PluginManager.instance().discover()  # napari's own readers

__all__ = ["MISSING", "ViewerModel", "napari", "npe2"]
