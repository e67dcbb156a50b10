"""From opening a folder to the first corrected and exported image: seconds and gestures.

    python benchmarks/first_export.py [--labelme PYTHON]

The folder has one image, 512² pixels of mahotas' nuclei; at the end each nucleus has its outline,
one of them has been moved by hand, and there is a file for another program. Each program is driven
by real keys and clicks: Kontur in headless Chromium; labelme, where PYTHON is that of an
environment which has it, in Qt without a screen, and there every nucleus is traced by `CORNERS`
clicks, for its own models have to be downloaded. A person's seconds are those of the machine and,
for the gestures, the keystroke-level model of Card, Moran and Newell, Comm. ACM 23 (1980).
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import mahotas
import numpy as np
import shapely
from PIL import Image

from kontur import formats
from kontur.instances import Instances
from tests.web.conftest import BROWSERS, QUIET, served
from tests.web.test_page import drag, on_screen, outlines, until

SIDE = 512  # pixels of the image
CORNERS = 10  # clicks around a nucleus that is traced by hand
KEY, POINT, BUTTON = 0.28, 1.1, 0.1  # seconds: a key; to point; to press a button or to let it go


@dataclass
class Stopwatch:
    """What a person did, and how long the machine took."""

    program: str
    keys: int
    clicks: int
    drags: int
    machine: float  # seconds

    def __str__(self) -> str:
        hand = self.keys * KEY + self.clicks * (POINT + 2 * BUTTON)
        hand += self.drags * 2 * (POINT + BUTTON)
        return (
            f"{self.program}: {self.clicks} clicks, {self.drags} drags, {self.keys} keys; "
            f"the machine {self.machine:.1f} s, the hand {hand:.0f} s by the model, "
            f"together {self.machine + hand:.0f} s"
        )


def kontur(folder: Path, place: Path) -> tuple[Stopwatch, Instances]:
    """The page: G, a click on an object, a drag of its vertex, Ctrl+S, a click on a format."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": 1400, "height": 900}, accept_downloads=True)
        began = time.perf_counter()
        with served(folder) as server:
            page.goto(server.address, wait_until="commit")
            until(page, "performance.getEntriesByName('ready').length")
            page.keyboard.press("g")
            until(page, "kontur.image().status === 'predicted' && kontur.image().outlines.size")
            ring = next(iter(outlines(page).values()))
            page.mouse.click(*on_screen(page, *ring.mean(axis=0)))
            x, y = on_screen(page, *ring[0])
            drag(page, (x, y), (x - 8, y - 8))
            until(page, "kontur.image().status === 'corrected' && !kontur.image().waiting")
            page.keyboard.press("Control+s")
            with page.expect_download() as download:
                page.get_by_role("button", name="labelme JSON").click()
            saved = place / download.value.suggested_filename
            download.value.save_as(saved)
            took = time.perf_counter() - began
        browser.close()
    return Stopwatch("Kontur", keys=2, clicks=2, drags=1, machine=took), formats.read(saved)


def inside(ring: np.ndarray) -> list[list[float]]:
    """Points that a click reaches: labelme takes none on the image's edge."""
    return np.clip(ring, 1, SIDE - 2).tolist()


def labelme(python: str, folder: Path, found: Instances, place: Path) -> Stopwatch:
    """labelme's window: every nucleus traced, a vertex dragged; it saves by itself."""
    rings = [
        shapely.get_coordinates(polygon.exterior)[:-1]
        for polygon in (max(shapely.get_parts(p), key=shapely.area) for p in found.polygons)
    ]
    chosen = [
        ring[np.linspace(0, len(ring), CORNERS, endpoint=False).astype(int)] for ring in rings
    ]
    task = {"folder": str(folder), "out": str(place), "rings": [inside(ring) for ring in chosen]}
    program = Path(__file__).with_name("first_export_labelme.py")
    began = time.perf_counter()
    done = subprocess.run(
        [python, program],
        input=json.dumps(task),
        text=True,
        check=True,
        capture_output=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        | {"QT_QPA_PLATFORM": "offscreen"},
    )
    took = time.perf_counter() - began
    made = json.loads(done.stdout.splitlines()[-1])
    (written,) = place.glob("*.json")
    assert len(json.loads(written.read_text())["shapes"]) == len(rings) == made["shapes"]
    return Stopwatch("labelme", made["keys"], made["clicks"], made["drags"], took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelme", metavar="PYTHON")
    given = parser.parse_args()
    nuclei = mahotas.demos.load("nuclear")[:SIDE, :SIDE]
    with tempfile.TemporaryDirectory() as root:
        places = [Path(root) / name for name in ("plate", "again", "exported", "traced")]
        for place in places:
            place.mkdir()
        for folder in places[:2]:
            Image.fromarray(nuclei[:, :, 0] if nuclei.ndim == 3 else nuclei).save(folder / "a.png")
        watch, found = kontur(places[0], places[2])
        print(f"{len(found)} nuclei")
        print(watch)
        if given.labelme:
            print(labelme(given.labelme, places[1], found, places[3]))


if __name__ == "__main__":
    main()
