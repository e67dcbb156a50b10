"""A model that has learned from reward: what `kontur reinforce` makes of a trained snake.

Either an agent that corrects the snake's outlines step by step joins the model
(`kontur predict --polish` applies it), or the snake's own stages are fine-tuned on IoU. The best on
the validation images so far is in the file at any time, so an interruption loses little.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from kontur.data.folder import Folder
from kontur.edit.agent import Agent
from kontur.edit.cases import Cases, check_snake
from kontur.edit.config import EpisodeConfig
from kontur.edit.episodes import Episodes
from kontur.edit.policy_gradient import LearnConfig, learn
from kontur.edit.roll_out import begun_rough, begun_with_own, roll_out
from kontur.edit.self_critical import (
    FineTuningImage,
    SelfCriticalConfig,
    fine_tune,
    fine_tuning_image,
    mean_iou,
)
from kontur.edit.teacher import imitate
from kontur.errors import InputError
from kontur.images.channels import Channel
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import rebuild
from kontur.infer.load import find_model
from kontur.infer.predict import Predictor
from kontur.models.archive import Model, read_model, write_model
from kontur.models.card import Card
from kontur.models.snake.network import DeepSnake
from kontur.models.snake.polish_config import PolishConfig
from kontur.train.config import DataConfig
from kontur.train.export import to_model
from kontur.train.training_data import open_data

MOST_IMAGES = 48  # whose features are held at a time
MOST_PIXELS = 24e6  # of them together: 2 GB
IMITATED = 0.4  # of the time: before reward the agent learns from a teacher
CHECKED = 0.1  # of the time: how often the validation images are looked at
MOST_CHECKED = 400  # objects
AGENT = "polish"  # its graph, and where its weights are
UNCHANGED = "detect"  # the graph of a snake whose stages are fine-tuned
Report = Callable[[str], None]


@dataclass(frozen=True)
class Reinforcement:
    """A trained snake, the images it learns from and is checked on, for how long, and its file."""

    model: Model
    predictor: Predictor
    train: Folder
    val: Folder
    out: Path
    seconds: float
    seed: int
    report: Report


class Gain(NamedTuple):
    """The mean IoU of contours before and after, over objects."""

    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.before:.3f} → {self.after:.3f}"


class Check(NamedTuple):
    """What an agent does to contours of held-out objects: the model's own, and rough ones."""

    own: Gain
    rough: Gain


def reinforce(
    data: str | Path,
    *,
    model: str | Path,
    out: str | Path,
    val: str | Path | float | None = None,
    method: str = "agent",
    minutes: float = 10.0,
    seed: int = 0,
    channel: Channel | None = None,
    page: int | None = None,
    report: Report = print,
) -> Path:
    """Let a snake learn from reward on a folder of images with annotations; the path of its file.

    Args:
        data, val: as of `kontur.train`.
        model: a trained snake, by name, file or run.
        out: the `.kontur` file to write.
        method: "agent" adds an agent that corrects outlines, "snake" fine-tunes the snake's stages.
        minutes: of processor time, in one thread.
        channel, page: the one of images with several, as of `open_folder`.
        report: called with a line now and then.

    Raises:
        InputError: the model is no snake or has no such name, or the data cannot be used.
    """
    file = Path(out)
    if file.is_dir():
        raise InputError(f"{file} is a folder; --out is the .kontur file to write")
    methods = {"agent": _train_agent, "snake": _fine_tune}
    if method not in methods:
        raise InputError(f'a method is "agent" or "snake", got {method!r}')
    torch.set_num_threads(1)
    loaded = read_model(find_model(model))
    predictor = Predictor(OnnxEngine(loaded, threads=1), loaded.card)
    check_snake(loaded.card.kind)
    wanted = DataConfig(path=str(data), val=_setting(val), channel=channel, page=page)
    folders = open_data(wanted, seed=seed)
    methods[method](
        Reinforcement(
            model=loaded,
            predictor=predictor,
            train=folders.train,
            val=folders.val,
            out=file,
            seconds=minutes * 60,
            seed=seed,
            report=report,
        )
    )
    return file


def _train_agent(run: Reinforcement) -> None:
    """An agent beside the snake, whose weights do not change."""
    torch.manual_seed(run.seed)
    rng = np.random.default_rng(run.seed)
    config = run.predictor.config.replace(polish=PolishConfig(kind="agent"))
    network = DeepSnake(config)
    known = rebuild(run.model).state_dict()  # an agent that is there already is replaced
    snake = {name: value for name, value in known.items() if not name.startswith(AGENT + ".")}
    network.load_state_dict(snake, strict=False)
    held = cases_of(run.predictor, run.val, np.random.default_rng(0))
    agent = Agent(config)
    best = first = -np.inf
    for spent, stage in _agent_learning(
        agent, lambda: cases_of(run.predictor, run.train, rng), run.seconds, run.seed
    ):
        check = check_agent(agent, held)
        # The first check is of an agent that hardly moves yet, so what is kept does no harm.
        reached = check.rough.after if np.isnan(check.own.after) else check.own.after
        better = reached > best
        run.report(
            f"{spent / 60:.1f} min, {stage}: own outlines IoU {check.own}, rough ones "
            f"{check.rough}{', kept' if better else ''}"
        )
        first = reached if first == -np.inf else first
        if better:
            best = reached
            assert network.polish is not None
            network.polish.load_state_dict(agent.policy.state_dict())
            card = _card(run.model.card, network, {"method": "agent", "seconds": round(spent)})
            scores = {
                f"{name} IoU{when}": value if np.isfinite(value) else None
                for name, gain in zip(("own", "rough"), check, strict=True)
                for when, value in zip(("", ", polished"), gain, strict=True)
            }
            _write_beside(run, network, card.replace(scores={**card.scores, **scores}))

    if best <= first:
        run.report(
            "the agent does not improve outlines of the validation images; --polish is no help"
        )


def _write_beside(run: Reinforcement, network: DeepSnake, card: Card) -> None:
    """The model as it was, its graphs in 8-bit integers too, and the agent beside it."""
    snake = {name: graph for name, graph in run.model.graphs.items() if name != AGENT}
    made = to_model(network, card, known=snake)
    own = {name: value for name, value in made.weights.items() if name.startswith(AGENT + ".")}
    weights = {**run.model.weights, **own}
    write_model(run.out, replace(run.model, card=card, graphs=made.graphs, weights=weights))


def _agent_learning(
    agent: Agent, cases: Callable[[], Cases], seconds: float, seed: int
) -> Iterator[tuple[float, str]]:
    """Learn, and give the seconds spent and what is learned from, where it is time to check."""
    episodes, due = EpisodeConfig(), 0.0
    taught = IMITATED * seconds
    stages = (
        ("imitation", 0.0, lambda: imitate(cases, agent, episodes, seconds=taught, seed=seed)),
        (
            "reward",
            taught,
            lambda: learn(
                *(cases, agent, episodes, LearnConfig()), seconds=seconds - taught, seed=seed
            ),
        ),
    )
    for name, begun, updates in stages:
        spent = begun
        for shown in updates():  # type: ignore[no-untyped-call]
            spent = begun + shown["elapsed"]
            if spent >= due:
                yield spent, name
                due = spent + CHECKED * seconds
        yield spent, name


def check_agent(agent: Agent, cases: Cases) -> Check:
    """The agent's surest actions on held-out objects, from the same beginnings each time."""
    rng = np.random.default_rng(0)
    objects = rng.permutation(len(cases))[:MOST_CHECKED]
    own = begun_with_own(cases, objects[cases.outlined[objects]])
    return Check(_gain(agent, own), _gain(agent, begun_rough(cases, objects, rng)))


def _gain(agent: Agent, episodes: Episodes) -> Gain:
    """The mean IoU before and after the agent's surest actions; NaN without any contour."""
    if not len(episodes.iou):
        return Gain(float("nan"), float("nan"))
    before = float(episodes.iou.mean())
    roll_out(episodes, lambda begun, going: agent.greedy(begun.observations(going)))
    return Gain(before, float(episodes.iou.mean()))


def _fine_tune(run: Reinforcement) -> None:
    """The snake's stages, on IoU itself."""
    network = rebuild(run.model)
    assert isinstance(network, DeepSnake)
    images = _fine_tuning_images(run.predictor, run.train, np.random.default_rng(run.seed))
    held = _fine_tuning_images(run.predictor, run.val, np.random.default_rng(0))
    before = best = mean_iou(network, held)
    run.report(f"own outlines IoU {before:.3f}")
    write_model(run.out, run.model)  # what is best so far
    due = CHECKED * run.seconds
    updates = fine_tune(network, images, SelfCriticalConfig(), seconds=run.seconds, seed=run.seed)
    for shown in updates:
        if shown["elapsed"] < due:
            continue
        due += CHECKED * run.seconds
        now = mean_iou(network, held)
        better = now > best
        run.report(
            f"{shown['elapsed'] / 60:.1f} min: own outlines IoU {Gain(before, now)}"
            f"{', kept' if better else ''}"
        )
        if better:
            best = now
            about = {"method": "snake", "seconds": round(shown["elapsed"])}
            card = _card(run.model.card, network, about)
            scores = {"own IoU": before, "own IoU, fine-tuned": now}
            card = card.replace(scores={**card.scores, **scores})
            made = to_model(network, card, known=run.model.graphs)
            whole = {name: graph for name, graph in run.model.int8.items() if name == UNCHANGED}
            write_model(run.out, replace(made, int8=whole))


def _fine_tuning_images(
    predictor: Predictor, folder: Folder, rng: np.random.Generator
) -> list[FineTuningImage]:
    """Images of a folder, drawn at random, in which the snake finds objects."""
    drawn = (
        fine_tuning_image(predictor, folder.samples[place]) for place in chosen_images(folder, rng)
    )
    return [image for image in drawn if image is not None]


def chosen_images(folder: Folder, rng: np.random.Generator) -> list[int]:
    """Images in random order whose features fit into memory together; at least one, if any."""
    chosen: list[int] = []
    pixels = 0.0
    for place in rng.permutation(len(folder))[:MOST_IMAGES].tolist():
        height, width = folder.samples[place].image.shape[:2]
        pixels += height * width
        if chosen and pixels > MOST_PIXELS:
            break
        chosen.append(place)
    return chosen


def cases_of(predictor: Predictor, folder: Folder, rng: np.random.Generator) -> Cases:
    """Cases of some images of a folder."""
    return Cases.of_model(
        predictor, (folder.samples[place] for place in chosen_images(folder, rng))
    )


def _card(card: Card, network: DeepSnake, about: dict[str, Any]) -> Card:
    return card.replace(
        config=network.config.model_dump(mode="json"),
        training={**card.training, "reinforced": about},
    )


def _setting(value: str | Path | float | None) -> str | float | None:
    return str(value) if isinstance(value, Path) else value
