"""What learning from reward brings: the agent that corrects contours, and the fine-tuned snake.

Of a trained snake whose features are kept: the mean gain in IoU of contours that are true ones made
rough (corners off by a tenth of the object's side) and of the snake's own, on validation images; by
an agent that has learned nothing, actions at random, the greedy teacher that knows the truth, going
to where the predicted signed distance is 0, a supervised stage (the same network, so the same
milliseconds, that learns from the teacher alone for as long), the agent (two fifths of the time
from the teacher, the rest from reward), and one that learns from reward alone. Then the snake
itself, fine-tuned on IoU. Every fit has the same processor time; fits that are done are lines of
the results file, and a second call goes on where the first one ended.

    python benchmarks/agent.py nuclei dsb2018 --seconds 120 --results agent.jsonl
    python benchmarks/agent.py nuclei dsb2018 --speed
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import torch
from ledger import Ledger, Result
from report import heading, table

from kontur.data.folder import Folder, open_folder
from kontur.edit.agent import Agent
from kontur.edit.cases import Cases
from kontur.edit.config import EpisodeConfig
from kontur.edit.env import VectorContourEnv
from kontur.edit.episodes import Episodes
from kontur.edit.policy_gradient import LearnConfig, learn
from kontur.edit.roll_out import Acting, at_random, begun_rough, begun_with_own, roll_out
from kontur.edit.self_critical import SelfCriticalConfig, fine_tune, fine_tuning_image, outlines
from kontur.edit.teacher import imitate, teach
from kontur.geometry.area_field import overlap
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import rebuild
from kontur.infer.load import find_model
from kontur.infer.predict import Predictor
from kontur.models.archive import Model, read_model
from kontur.models.snake.moves import MOVE, outward
from kontur.models.snake.network import DeepSnake
from kontur.models.snake.polish import polish
from kontur.train.export import to_model

IMITATED = 0.4  # of an agent's time, from the teacher
WORSE = 0.01  # of IoU: a contour that lost more became worse
TOUCHING = 1.5  # pixels between objects that touch
THIN = 0.4  # of the unit: the width of an object that is thin, its area a half of its perimeter
GROUPS = ("alone", "touching", "thin", "round")
UNTRAINED = ("untrained", "random", "greedy, told the truth", "greedy, predicted distance")
TRAINED = {"supervised stage": 1.0, "agent": IMITATED, "agent, reward alone": 0.0}
TUNED = "snake, fine-tuned on IoU"


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    heading(__doc__.partition("\n\n")[0])
    model = read_model(find_model(options.model))
    predictor = Predictor(OnnxEngine(model, threads=1), model.card)
    train, val = (open_folder(options.data / part) for part in ("train", "val"))
    if options.speed:
        cases = _cases(predictor, val, options.images, 0)
        print(_speed(cases))
        print(f"\nan agent on ONNX Runtime: {_polishing(model, cases):.1f} ms for 100 contours")
        return
    ledger = Ledger(options.results)
    key = {
        "model": options.model,
        "data": str(options.data),
        "seconds": options.seconds,
        "images": options.images,
    }
    held = _cases(predictor, val, options.held, 0)
    learned: list[Cases] = []

    def cases() -> Cases:
        if not learned:
            learned.append(_cases(predictor, train, options.images, 0))
        return learned[0]

    for seed in range(options.seeds):
        for name in (*UNTRAINED, *TRAINED, TUNED):
            own = {**key, "row": name, "seed": seed}
            if (options.rows and name not in options.rows) or ledger.find(own):
                continue
            if name == TUNED:
                result = _fine_tuned(model, predictor, (train, val), options, seed)
            else:
                result = _judged(held, _acting(name, held, cases, options.seconds, seed), seed)
            ledger.add({**own, **result})
            print(f"{name}, seed {seed}: {result}", flush=True)
    print()
    print(_table(ledger.find(key)))


def _cases(predictor: Predictor, folder: Folder, count: int, seed: int) -> Cases:
    chosen = np.random.default_rng(seed).permutation(len(folder))[:count]
    return Cases.of_model(predictor, (folder.samples[place] for place in chosen.tolist()))


def _acting(
    name: str, held: Cases, cases: Callable[[], Cases], seconds: float, seed: int
) -> Acting:
    """A way of acting, trained where it is to be."""
    if name == "random":
        return at_random(np.random.default_rng(seed))
    if name == "greedy, told the truth":
        return teach
    if name == "greedy, predicted distance":
        return _to_the_predicted_edge
    torch.manual_seed(seed)
    agent, episodes = Agent(held.config), EpisodeConfig()
    taught = seconds * TRAINED.get(name, 0.0)
    if taught:
        lessons = imitate(cases, agent, episodes, seconds=taught, seed=seed, fresh=np.inf)
        _exhaust(lessons)
    if name in TRAINED and taught < seconds:
        own = seconds - taught
        _exhaust(learn(cases, agent, episodes, LearnConfig(), seconds=own, seed=seed, fresh=np.inf))
    return lambda begun, places: agent.greedy(begun.observations(places))


def _exhaust(updates: Iterable[Any]) -> None:
    for _ in updates:
        pass


def _to_the_predicted_edge(episodes: Episodes, places: np.ndarray) -> np.ndarray:
    """Every point goes the distance at whose end the predicted signed distance is nearest to 0."""
    rings, unit = episodes.rings[places], episodes.unit[places]
    index = episodes.cases.image_index[episodes.objects[places]]
    steps = outward(rings) * unit[:, None, None]
    off = []
    for distance in episodes.distances:
        at = rings + steps * distance
        off.append(np.abs(episodes.cases.maps.fine.bilinear(at[..., 0], at[..., 1], index)[0]))
    best = np.argmin(off, axis=0)
    return np.concatenate([np.full((len(places), 1), MOVE), best], axis=1)


def _judged(held: Cases, acting: Acting, seed: int) -> Result:
    """The IoU before and after, of rough contours and of the snake's own, and where it helps."""
    rng = np.random.default_rng(seed)
    everything = np.arange(len(held))
    result: Result = {}
    begun = {
        "rough": begun_rough(held, everything, rng),
        "own": begun_with_own(held, np.flatnonzero(held.outlined)),
    }
    for name, episodes in begun.items():
        before, start = episodes.iou.copy(), time.process_time()
        roll_out(episodes, acting)
        taken = time.process_time() - start
        gain = episodes.iou - before
        result |= {
            name: float(before.mean()),
            f"{name} gain": float(gain.mean()),
            f"{name} worse": float((gain < -WORSE).mean()),
            f"{name} steps": float(episodes.step.mean()),
            f"{name} ms": taken / len(gain) * 1e5,
        }
        if name == "own":
            groups = _groups(held)
            for group in GROUPS:
                members = groups[group][episodes.objects]
                result[group] = float(gain[members].mean()) if members.any() else None
    return result


def _groups(cases: Cases) -> dict[str, np.ndarray]:
    """Which objects touch another one of their image, and which are thin."""
    touching = np.zeros(len(cases), bool)
    for image in np.unique(cases.image_index):
        members = np.flatnonzero(cases.image_index == image)
        tree = shapely.STRtree(cases.polygons[members])
        one, other = tree.query(cases.polygons[members], "dwithin", TOUCHING)
        touching[members[one[one != other]]] = True
    areas, lengths = shapely.area(cases.polygons), shapely.length(cases.polygons)
    thin = 2 * areas / lengths < THIN * np.sqrt(areas)
    return {"alone": ~touching, "touching": touching, "thin": thin, "round": ~thin}


def _fine_tuned(
    model: Model,
    predictor: Predictor,
    folders: Sequence[Folder],
    options: argparse.Namespace,
    seed: int,
) -> Result:
    """The snake's own outlines before and after its stages have learned from IoU."""
    network = rebuild(model)
    assert isinstance(network, DeepSnake)
    images = []
    for folder, count in zip(folders, (options.images, options.held), strict=True):
        chosen = np.random.default_rng(0).permutation(len(folder))[:count]
        seen = [fine_tuning_image(predictor, folder.samples[place]) for place in chosen.tolist()]
        images.append([each for each in seen if each is not None])
    before = _ious(network, images[1])
    updates = fine_tune(
        network, images[0], SelfCriticalConfig(), seconds=options.seconds, seed=seed
    )
    _exhaust(updates)
    gain = _ious(network, images[1]) - before
    return {
        "own": float(before.mean()),
        "own gain": float(gain.mean()),
        "own worse": float((gain < -WORSE).mean()),
        "own ms": 0.0,
    }


@torch.inference_mode()
def _ious(network: DeepSnake, images: Sequence[Any]) -> np.ndarray:
    return np.concatenate(
        [overlap(seen.fields, outlines(network, seen).numpy()).iou for seen in images]
    )


def _table(results: Sequence[Result]) -> str:
    columns = ("rough", "rough gain", "own", "own gain", "own worse", *GROUPS)
    rows = []
    for name in (*UNTRAINED, *TRAINED, TUNED):
        own = [result for result in results if result["row"] == name]
        if own:
            cells = [_cell([result.get(column) for result in own]) for column in columns]
            costs = [result["own ms"] for result in own]
            rows.append([name, str(len(own)), *cells, f"{np.mean(costs):.0f}"])
    return table(["", "seeds", *columns, "ms for 100"], rows)


def _cell(values: Sequence[float | None]) -> str:
    """The mean with its sign, and the standard deviation where there are several."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return "–"
    spread = f" ± {np.std(numbers, ddof=1):.3f}" if len(numbers) > 1 else ""
    return f"{np.mean(numbers):.3f}{spread}".replace("-", "−")


def _speed(cases: Cases) -> str:
    """Contour steps a second of the vector environment, in one thread, features at hand."""
    rows = []
    for count in (1, 32, 256, 1024):
        env = VectorContourEnv(cases, count)
        env.reset(seed=0)
        rng = np.random.default_rng(0)
        best = np.inf
        for _ in range(7):
            actions = np.zeros((count, cases.config.points + 1), np.int64)
            actions[:, 1:] = rng.integers(0, 5, (count, cases.config.points))
            start = time.process_time()
            for _ in range(env.episodes.polish.steps + 1):  # a whole episode and its new beginning
                env.step(actions)
            best = min(best, time.process_time() - start)
        steps = count * (env.episodes.polish.steps + 1)
        rows.append([str(count), f"{steps / best:,.0f}"])
    return table(["contours", "contour steps a second"], rows)


def _polishing(model: Model, cases: Cases) -> float:
    """Milliseconds of 100 contours that move at every step; one thread, features at hand."""
    config = cases.config.replace(polish=cases.config.polish.replace(kind="agent"))
    network = DeepSnake(config).eval()
    assert network.polish is not None
    with torch.no_grad():
        network.polish.modes.bias.copy_(torch.tensor([9.0, 0, -9]))
    card = model.card.replace(config=config.model_dump(mode="json"))
    graph = OnnxEngine(to_model(network, card), threads=1).graphs["polish"]
    rings = cases.own[cases.outlined][:400]
    index = cases.image_index[cases.outlined][:400]
    taken = []
    for _ in range(7):
        start = time.process_time()
        polish(graph, cases.maps, rings, index, config.polish)
        taken.append(time.process_time() - start)
    return float(np.median(taken)) / len(rings) * 1e5


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a trained snake")
    parser.add_argument("data", type=Path, help="a folder with the parts train and val")
    parser.add_argument("--results", type=Path, default=Path("agent.jsonl"))
    parser.add_argument("--seconds", type=float, default=120.0, help="of processor time a fit")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=32, help="to learn from")
    parser.add_argument("--held", type=int, default=24, help="to judge on")
    parser.add_argument("--rows", nargs="*", metavar="NAME")
    parser.add_argument("--speed", action="store_true", help="of the vector environment alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
