"""The page, measured: first picture, many outlines, edits, large images, clients, kills.

    python benchmarks/page.py [--starts 5] [--outlines 5000] [--kills 20] [--clients 50]

Chromium draws headless, without a GPU. Times are wall time, with what else the machine does.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from PIL import Image

from kontur import formats
from kontur.instances import Instances
from tests.web.conftest import BROWSERS, QUIET, served, write_images
from tests.web.test_history import EDITS, Person

POINTS = 48  # of an outline
PAN = """() => new Promise(done => {
  const {viewer} = kontur; viewer.times.length = 0; let n = 0;
  const frame = () => { viewer.pan(n % 40 < 20 ? 9 : -9, n % 30 < 15 ? 7 : -7);
    if (n % 25 === 24) viewer.zoomBy(n % 50 === 24 ? 1.3 : 1 / 1.3);
    ++n < 150 ? requestAnimationFrame(frame) : done([...viewer.times]); };
  requestAnimationFrame(frame); })"""


def crowded(folder: Path, count: int) -> None:
    """An image of 2048² pixels with so many round outlines beside it."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(count)))
    step = 2048 / side
    turns = np.arange(POINTS) * 2 * np.pi / POINTS
    polygons = []
    for i in range(count):
        x, y = (i % side + 0.5) * step, (i // side + 0.5) * step
        radii = step * 0.4 * (1 + 0.12 * np.sin(turns * rng.integers(2, 5) + rng.uniform(0, 6)))
        polygons.append(
            shapely.Polygon(np.c_[x + radii * np.cos(turns), y + radii * np.sin(turns)])
        )
    scores = rng.uniform(0.3, 1, count)
    found = Instances.of(polygons, scores=scores, size=(2048, 2048), classes=["cell"])
    Image.fromarray(found.label_image().astype(np.uint8) % 200).save(folder / "crowd.png")
    formats.write(folder / "crowd.geojson", found)


PAINTED = """() => new Promise(done => new PerformanceObserver(
  seen => done(seen.getEntries()[0].renderTime)).observe({type: 'element', buffered: true}))"""


class Start(NamedTuple):
    """Seconds from the start of the process: to its address, to the first picture on the screen,
    and until the page can be used; and of the second those in the browser."""

    address: float
    picture: float
    usable: float
    in_browser: float


def start(open_page, folder: Path) -> Start:
    """The start of `kontur serve`; a page, or a browser too, is opened for its address."""
    with served(folder) as server:
        address = time.perf_counter() - server.began
        page = open_page()
        page.goto(server.address, wait_until="commit")
        begun = time.time() - (time.perf_counter() - server.began)
        page.wait_for_function("() => performance.getEntriesByName('ready').length")
        painted = page.evaluate(PAINTED) / 1e3
        zero = page.evaluate("performance.timeOrigin") / 1e3 - begun
        (ready,) = page.evaluate("performance.getEntriesByName('ready').map(e => e.startTime)")
        page.close()
    return Start(address, zero + painted, zero + ready / 1e3, painted)


def large(browser, folder: Path, side: int = 10_000) -> None:
    """A pyramid of grey pixels in tiles, opened, panned and zoomed."""
    import tifffile

    folder.mkdir()
    rng = np.random.default_rng(0)
    level = np.tile(rng.integers(0, 255, (500, 500), dtype=np.uint8), (side // 500, side // 500))
    options = {"tile": (512, 512), "photometric": "minisblack", "compression": "zlib"}
    with tifffile.TiffWriter(folder / "slide.tif") as file:
        file.write(level, subifds=4, **options)
        for _ in range(4):
            level = level[::2, ::2]
            file.write(level, subfiletype=1, **options)
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    with served(folder) as server:
        before = _memory(server.process.pid)
        page.goto(server.address)
        page.wait_for_function("() => performance.getEntriesByName('picture-drawn').length")
        (loaded,) = page.evaluate(
            "performance.getEntriesByName('picture-drawn').map(e => e.startTime)"
        )
        page.evaluate("() => kontur.viewer.zoomBy(8)")
        times = page.evaluate(PAN)
        more = _memory(server.process.pid) - before
    page.close()
    print(
        f"a pyramid of {side}²: first picture {loaded / 1e3:.2f} s after the page was asked for, "
        f"median {statistics.median(times):.1f} ms a frame, {more:.0f} MB more memory"
    )


def _memory(pid: int) -> float:
    """Megabytes that a process holds."""
    line = next(
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1024


def drawing(browser, folder: Path, count: int) -> None:
    with served(folder) as server:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(server.address)
        page.wait_for_function(f"() => kontur.image() && kontur.image().outlines.size === {count}")
        page.wait_for_timeout(1500)
        times = page.evaluate(PAN)
        print(
            f"drawing {count} outlines while panning and zooming: median "
            f"{statistics.median(times):.1f} ms a frame, 95 % {np.percentile(times, 95):.1f} ms"
        )
        with server.client() as client:
            key = client.get("/api/folder").json()["images"][0]["key"]
            revision, took = 0, []
            for i in range(15):
                move = {"move": "shift", "objects": [i + 1], "by": [1, 0]}
                began = time.perf_counter()
                body = {"edit": move, "revision": revision}
                answer = client.post(f"/api/images/{key}/edits", json=body).json()
                took.append(time.perf_counter() - began)
                revision = answer["revision"]
        middle = 1e3 * statistics.median(took)
        print(f"an edit among {count}, from request to answer: median {middle:.0f} ms")
        page.close()


def clients(folder: Path, count: int) -> None:
    with served(folder) as server, server.client() as first:
        keys = [image["key"] for image in first.get("/api/folder").json()["images"]]

        def one(i: int) -> list[float]:
            took = []
            with server.client() as client:
                for path in ("folder", f"images/{keys[i % len(keys)]}/tiles/0/0/0", "jobs") * 3:
                    began = time.perf_counter()
                    assert client.get(f"/api/{path}").status_code == 200
                    took.append(time.perf_counter() - began)
            return took

        with ThreadPoolExecutor(count) as pool:
            took = [each for times in pool.map(one, range(count)) for each in times]
    middle = 1e3 * statistics.median(took)
    print(f"{count} clients at once, {len(took)} requests: no error, median {middle:.0f} ms")


def kills(count: int) -> None:
    lost = 0
    for seed in range(count):
        with tempfile.TemporaryDirectory() as place:
            folder = write_images(Path(place) / "plate", 1)
            with served(folder) as server:
                with server.client() as client:
                    key = client.get("/api/folder").json()["images"][0]["key"]
                person = Person(server, key, seed=seed)
                person.start()
                time.sleep(np.random.default_rng(seed).uniform(0.05, 1.5))
                server.kill()
                person.join()
            with served(folder) as server, server.client() as client:
                found = client.get(f"/api/images/{key}/objects").json()
                there = {each["id"]: each for each in found["objects"]}
                known = person.known
                differing = {n for n in there.keys() | known if there.get(n) != known.get(n)}
                lost += found["revision"] < person.revision or len(differing) > 1
                print(f"  killed after {person.made} of {EDITS} edits: {found['revision']} kept")
    print(f"{count} kills: {lost} lost more than the unfinished edit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--outlines", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=50)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:

        def launch():
            return playwright.chromium.launch(executable_path=chromium, args=QUIET)

        browser = launch()
        few = write_images(Path(place) / "few", 6)
        for what, open_page in (
            ("a browser runs", browser.new_context().new_page),
            ("the browser starts too", lambda: launch().new_page()),
        ):
            starts = [start(open_page, few) for _ in range(given.starts)]
            address, picture, usable, loading = (
                statistics.median(each) for each in zip(*starts, strict=True)
            )
            print(
                f"{what}: from the start to the address {address:.2f} s, to the first picture "
                f"{picture:.2f} s ({loading:.2f} s of it loading), until the page can be used "
                f"{usable:.2f} s"
            )
        crowded(Path(place) / "crowd", given.outlines)
        drawing(browser, Path(place) / "crowd", given.outlines)
        large(browser, Path(place) / "large")
        browser.close()
        clients(few, given.clients)
    kills(given.kills)


if __name__ == "__main__":
    main()
