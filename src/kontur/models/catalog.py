"""The kinds of segmenter, by name.

Classes are named by import string, so that reading a card imports nothing heavy: torch comes in
only with `segmenter`, which training, fine-tuning and the torch engine ask for.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kontur.errors import InputError
from kontur.settings import Settings, merge, nearest

if TYPE_CHECKING:
    from kontur.models.segmenter import Segmenter


Graph = Callable[..., Sequence[np.ndarray]]  # a named graph of an engine: arrays in, arrays out


class Example(NamedTuple):
    """What a graph takes, by name and in order, for its export; which axes may differ."""

    inputs: dict[str, np.ndarray]
    outputs: tuple[str, ...]
    dynamic: dict[str, dict[int, str]]


class Kind(NamedTuple):
    """Where the parts of a family live, as `module:name`; `stages` where it works in stages."""

    config: str
    presets: str
    segmenter: str
    encode: str
    collate: str
    decode: str
    examples: str
    tries: str | None = None
    stages: str | None = None


def _dense(config: str, presets: str) -> Kind:
    """A kind of the U-Net family: its own config and presets, the rest is shared."""
    family = "kontur.models.unet."
    return Kind(
        config=family + config,
        presets=family + presets,
        segmenter=family + "network:DenseSegmenter",
        encode=family + "encode:encode",
        collate=family + "encode:collate",
        decode=family + "decode:decode",
        examples=family + "graphs:examples",
        tries=family + "config:tries",
    )


KINDS: dict[str, Kind] = {
    "snake": Kind(
        config="kontur.models.snake.config:SnakeConfig",
        presets="kontur.models.snake.config:PRESETS",
        segmenter="kontur.models.snake.network:DeepSnake",
        encode="kontur.models.snake.encode:encode",
        collate="kontur.models.snake.encode:collate",
        decode="kontur.models.snake.decode:decode",
        examples="kontur.models.snake.graphs:examples",
        stages="kontur.models.snake.decode:stages",
    ),
    "unet": _dense("config:UNetConfig", "config:PRESETS"),
    "transunet": _dense("transconfig:TransUNetConfig", "transconfig:PRESETS"),
}


def config(kind: str, values: dict[str, Any], *, preset: str | None = None) -> Settings:
    """The settings of a kind: a preset's, laid over by `values`."""
    known = presets(kind)
    if preset is not None and preset not in known:
        raise InputError(f"{kind} has no preset {preset!r}; {nearest(preset, known)}")
    base = known[preset] if preset is not None else {}
    cls: type[Settings] = _load(_kind(kind).config)
    return cls.read(merge(base, values), where=f"the settings of {kind}")


def presets(kind: str) -> dict[str, dict[str, Any]]:
    """The presets of a kind, by name, as mappings for `config`."""
    return _load(_kind(kind).presets)


def segmenter(kind: str, settings: Any) -> "Segmenter":
    """A new network with random weights (imports torch)."""
    return _load(_kind(kind).segmenter)(settings)


def encode(kind: str) -> Callable[..., Any]:
    """`encode(instances, config, rng) -> Targets` of a kind."""
    return _load(_kind(kind).encode)


def collate(kind: str) -> Callable[..., Any]:
    """`collate([targets, …]) -> Targets` of a kind."""
    return _load(_kind(kind).collate)


def decode(kind: str) -> Callable[..., Any]:
    """`decode(graphs, images, config, thresholds, sizes) -> list[Decoded]` of a kind."""
    return _load(_kind(kind).decode)


def examples(kind: str) -> Callable[..., dict[str, Example]]:
    """`examples(config) -> {graph: Example}` of a kind."""
    return _load(_kind(kind).examples)


def tries(kind: str) -> Callable[[Any], list[Any]]:
    """`tries(config) -> [config]` of a kind: other settings of decoding; none where there are none.

    Tuning looks at them on validation data (`train.validate`). Whatever they say, the graphs get
    the same arrays and give the same.
    """
    where = _kind(kind).tries
    return _load(where) if where else lambda config: []


def stages(kind: str) -> Callable[..., Any] | None:
    """`stages(graphs, images, config, thresholds, size) -> {stage: Instances}`, to look at."""
    where = _kind(kind).stages
    return _load(where) if where else None


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        raise InputError(f"there is no kind of model {kind!r}; {nearest(kind, KINDS)}")
    return KINDS[kind]


def _load(where: str) -> Any:
    module, name = where.split(":")
    return getattr(import_module(module), name)
