"""`kontur serve`: the page in which images are outlined, corrected and trained on."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from kontur import extra
from kontur.errors import InputError

NEEDED = ("fastapi", "uvicorn")  # packages of the extra


def serve(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="A folder of images.", show_default=False)
    ] = Path(),
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="The port; 0 takes a free one.  [default: 8765]"
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
) -> None:
    """Open a page in the browser to see, outline and correct the images in FOLDER.

    Nothing leaves this machine: the page answers at 127.0.0.1 alone, and only to the address that
    is printed. Outlines are kept at every change, beside the images as GeoJSON (files of other
    programs are never overwritten); FOLDER/.kontur has the history, FOLDER/kontur-models the
    models that are trained in the page. Ctrl-C ends it.

    \b
    kontur serve plate
    kontur serve plate --port 9000 --no-browser
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            f"the page needs {' and '.join(missing)}: {extra.install('web')} brings it"
        )
    from kontur.web.serve import serve as run

    run(folder, port=port, open_browser=not no_browser, say=typer.echo)
