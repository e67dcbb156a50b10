"""A folder of images, the API in this process, `kontur serve` in its own, and a browser."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TOKEN = "token-of-the-tests"
ADDRESS = "http://127.0.0.1:8765"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def nuclei(seed: int, size: tuple[int, int] = (200, 260), count: int = 9) -> np.ndarray:
    """Bright, soft discs apart from one another on a dark ground, of 8 bits."""
    rng = np.random.default_rng(seed)
    height, width = size
    rows, columns = np.mgrid[:height, :width] + 0.5
    image = np.full(size, 12.0)
    columns_of_discs = int(np.ceil(np.sqrt(count * width / height)))
    for i in range(count):
        x = (i % columns_of_discs + 0.5) * width / columns_of_discs + rng.uniform(-6, 6)
        y = (i // columns_of_discs + 0.5) * height / np.ceil(count / columns_of_discs)
        radius = rng.uniform(11, 15)
        distance = np.hypot(columns - x, (rows - y) * rng.uniform(0.9, 1.1))
        image += rng.uniform(110, 190) / (1 + np.exp((distance - radius) * 1.5))
    image += rng.normal(0, 3, size)
    return np.clip(image, 0, 255).astype(np.uint8)


def write_images(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        Image.fromarray(nuclei(i)).save(folder / f"cells{i}.png")
    return folder


@pytest.fixture
def images(tmp_path):
    return write_images(tmp_path / "plate", 3)


@contextlib.contextmanager
def opened(folder):
    """A client of the API on a folder, which knows the token."""
    from fastapi.testclient import TestClient

    from kontur.web.app import create_app
    from kontur.web.workspace import open_workspace

    workspace = open_workspace(folder)
    try:
        with TestClient(create_app(workspace, token=TOKEN), base_url=ADDRESS) as client:
            client.headers["Authorization"] = f"Bearer {TOKEN}"
            yield client
    finally:
        workspace.close()


@pytest.fixture
def api(images):
    with opened(images) as client:
        yield client


class Served:
    """`kontur serve` in a process of its own."""

    def __init__(self, folder):
        program = "from kontur.cli import main; main()"
        command = [sys.executable, "-c", program, "serve", str(folder), "--port", "0"]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        line = self.process.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), line + self.process.stdout.read()
        self.address = line.strip()
        self.root, self.token = self.address.split("/?token=")
        self.said = []
        self.listening = threading.Thread(target=self._listen, daemon=True)
        self.listening.start()

    def _listen(self):
        self.said.extend(self.process.stdout)

    def client(self):
        import httpx2

        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=self.root, headers=headers, timeout=60)

    def kill(self):
        self.process.kill()
        self._gone()

    def end(self):
        self.process.terminate()
        self._gone()

    def _gone(self):
        self.process.wait(30)
        self.listening.join(10)
        self.process.stdout.close()


@contextlib.contextmanager
def served(folder):
    server = Served(folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; without it these tests are skipped, except in CI, which installs it."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        wanted = "the page is not tested: there is no Chromium here (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(wanted)
        pytest.skip(wanted)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield made
        made.close()


def wait_for_job(client, number, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = client.get(f"/api/jobs/{number}").json()
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"job {number} goes on for more than {seconds} s: {job}")
