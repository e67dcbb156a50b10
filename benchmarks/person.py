"""One person's path: 20 images, correct a few, train, and the AP on all others before and after.

    python benchmarks/person.py DATA [--images 20] [--correct 3] [--minutes 2]

DATA is a training folder with images and their true objects. The images are copied without these;
`kontur serve` opens the copy, and everything goes through its API, as in the page: the model
`nuclei` outlines all images; in a few a person deletes what is wrong, draws again what is off
(IoU below .7), and draws what is missing, each as the true outline; then the page trains. The other
images are outlined by both models. AP is the mean over IoU .50, .55 … .95, without classes.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from report import heading

from kontur.data.folder import open_folder
from kontur.evaluate import evaluate_all
from kontur.evaluate.comparison import compare
from kontur.evaluate.matching import match
from kontur.instances import CLASSES, Instances
from tests.web.conftest import served, wait_for_job

RIGHT = 0.7  # IoU from which a person leaves an outline as it is
SEED = 0


class Page:
    """The calls that the page makes."""

    def __init__(self, client: Any):
        self.client = client
        listed = self.call("GET", "folder")["images"]
        self.keys = {image["name"]: image["key"] for image in listed}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, f"/api/{path}", json=body, timeout=600)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def objects(self, name: str, size: tuple[int, int]) -> tuple[Instances, int]:
        """The objects of an image and its revision."""
        found = self.call("GET", f"images/{self.keys[name]}/objects")
        polygons = [_polygon(each["parts"]) for each in found["objects"]]
        ids = [each["id"] for each in found["objects"]]
        return Instances.of(polygons, ids=ids, size=size), found["revision"]

    def edit(self, name: str, revision: int, **move: Any) -> int:
        body = {"edit": move, "revision": revision}
        return int(self.call("POST", f"images/{self.keys[name]}/edits", body)["revision"])

    def outline(self, model: str, names: list[str]) -> None:
        """Run a model, and wait for it."""
        body = {"model": model, "images": [self.keys[name] for name in names]}
        job = wait_for_job(self.client, self.call("POST", "predict", body)["number"], 3600)
        assert job["state"] == "done", job
        assert not job["result"]["failed"], job

    def correct(self, name: str, true: Instances) -> int:
        """Make the objects of an image the true ones; the number of gestures."""
        found, revision = self.objects(name, true.size)
        pairs = compare(_flat(true), _flat(found))
        rows, cols = pairs.rows, pairs.cols
        matched = match(rows, cols, pairs.iou, RIGHT)
        wrong = sorted(set(range(len(found))) - set(cols[matched].tolist()))
        if wrong:
            ids = [int(found.ids[i]) for i in wrong]
            revision = self.edit(name, revision, move="delete", objects=ids)
        missing = sorted(set(range(len(true))) - set(rows[matched].tolist()))
        for i in missing:
            ring = shapely.get_coordinates(
                max(shapely.get_parts(true.polygons[i]), key=lambda part: part.area).exterior
            )[:-1]
            revision = self.edit(name, revision, move="add", ring=ring.tolist())
        self.call("PUT", f"images/{self.keys[name]}/status", {"status": "done"})
        return len(wrong) + len(missing)

    def average_precision(self, truth: dict[str, Instances]) -> float:
        pairs = [
            (_flat(true), _flat(self.objects(name, true.size)[0])) for name, true in truth.items()
        ]
        return float(evaluate_all(pairs, metrics=["ap"]).mean_ap)


def _polygon(parts: list[list[list[float]]]) -> shapely.Geometry:
    rings = [[np.reshape(ring, (-1, 2)) for ring in part] for part in parts]
    return shapely.union_all([shapely.Polygon(part[0], part[1:]) for part in rings])


def _flat(instances: Instances) -> Instances:
    zeros = np.zeros(len(instances), dtype=np.int64)
    return instances.replace(labels=zeros, classes=CLASSES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--correct", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2)
    given = parser.parse_args()
    samples = open_folder(given.data).samples
    order = np.random.default_rng(SEED).permutation(len(samples))[: given.images]
    with tempfile.TemporaryDirectory() as place:
        plate = Path(place) / "plate"
        plate.mkdir()
        truth = {}
        for i in order:
            path = Path(samples.annotated[i].image)
            shutil.copy(path, plate / path.name)
            truth[path.name] = samples[i].instances
        names = sorted(truth)
        corrected, others = names[: given.correct], names[given.correct :]
        with served(plate) as server, server.client() as client:
            page = Page(client)
            page.outline("nuclei", names)
            rest = {name: truth[name] for name in others}
            before = page.average_precision(rest)
            gestures = sum(page.correct(name, truth[name]) for name in corrected)
            objects = sum(len(truth[name]) for name in corrected)
            body = {"model": "nuclei", "minutes": given.minutes}
            began = time.perf_counter()
            job = wait_for_job(client, page.call("POST", "training", body)["number"], 3600)
            took = time.perf_counter() - began
            assert job["state"] == "done", job
            page.outline(job["result"]["name"], others)
            after = page.average_precision(rest)
    heading(
        f"{given.data}: {len(names)} images, {given.correct} corrected ({objects} objects, "
        f"{gestures} gestures), {given.minutes:g} minutes of training ({took:.0f} s in all)"
    )
    print(f"AP on the other {len(others)}: {before:.3f} before, {after:.3f} after")


if __name__ == "__main__":
    main()
