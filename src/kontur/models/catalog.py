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


class Try(NamedTuple):
    """Other settings of decoding, and the gain of AP for which they are worth taking.

    A gain below 0 is a loss that is accepted, where the settings are faster.
    """

    config: Any
    gain: float = 1e-3  # less is chance


class Kind(NamedTuple):
    """Where the parts of a family live, as `module:name`; `by_stage` where it works in stages.

    `tuned` names the settings that `tries` changes; no weight knows them.
    `bytes_a_pixel` of memory are what a network of the largest preset but the paper's needs at
    most, for each pixel of the image that it looks at.
    """

    config: str
    presets: str
    segmenter: str
    encode: str
    collate: str
    decode: str
    examples: str
    tries: str | None = None
    tuned: tuple[str, ...] = ()
    by_stage: str | None = None
    bytes_a_pixel: int = 300


def _family(folder: str, segmenter: str, config: str, **more: Any) -> Kind:
    """A kind whose parts lie where those of every network do; `config` as `module:class`."""
    family = f"kontur.models.{folder}."
    others: dict[str, Any] = {k: family + v if isinstance(v, str) else v for k, v in more.items()}
    return Kind(
        config=family + config,
        presets=family + config.partition(":")[0] + ":PRESETS",
        segmenter=f"{family}network:{segmenter}",
        encode=family + "encode:encode",
        collate=family + "encode:collate",
        decode=family + "decode:decode",
        examples=family + "graphs:examples",
        **others,
    )


def _dense(config: str) -> Kind:
    """A kind of the U-Net family: its own config and presets, the rest is shared."""
    return _family(
        "unet", "DenseSegmenter", config, tries="config:tries", tuned=("decode",), bytes_a_pixel=800
    )


KINDS: dict[str, Kind] = {
    "snake": _family(
        "snake",
        "DeepSnake",
        "config:SnakeConfig",
        tries="decode:tries",
        tuned=("stages_used",),
        by_stage="decode:by_stage",
    ),
    "maskrcnn": _family(
        "maskrcnn",
        "MaskRCNN",
        "config:MaskRCNNConfig",
        bytes_a_pixel=1900,  # 1,750 without an object, 1,870 with 3,000 in a megapixel
    ),
    "unet": _dense("config:UNetConfig"),
    "transunet": _dense("transconfig:TransUNetConfig"),
    "swinunet": _dense("swinconfig:SwinUnetConfig"),
}

# What finds objects without a network: tuned, not trained; judged and used like the others.
METHODS: dict[str, Kind] = {
    "baseline": Kind(
        config="kontur.models.baseline.config:BaselineConfig",
        presets="kontur.models.baseline.config:PRESETS",
        segmenter="",
        encode="",
        collate="",
        decode="kontur.models.baseline.decode:decode",
        examples="kontur.models.baseline.decode:examples",
    ),
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
    if kind in METHODS:
        raise InputError(f"{kind} has no network to train; kontur compare tunes it")
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


def bytes_a_pixel(kind: str) -> int:
    """How much memory a kind of network needs, at most, for each pixel of an image."""
    return _kind(kind).bytes_a_pixel


def tries(kind: str) -> Callable[[Any], list[Try]]:
    """`tries(config) -> [Try]` of a kind: other settings of decoding; none where there are none.

    Tuning looks at them on validation data (`train.validate`). Whatever they say, the graphs get
    the same arrays and give the same.
    """
    where = _kind(kind).tries
    return _load(where) if where else lambda config: []


def tuned(kind: str) -> tuple[str, ...]:
    """The settings that `tries` of a kind changes."""
    return _kind(kind).tuned


def by_stage(kind: str) -> Callable[..., Any] | None:
    """`by_stage(graphs, images, config, thresholds, size) -> {stage: Instances}`, to look at."""
    where = _kind(kind).by_stage
    return _load(where) if where else None


def _kind(kind: str) -> Kind:
    known = {**KINDS, **METHODS}
    if kind not in known:
        raise InputError(f"there is no kind of model {kind!r}; {nearest(kind, known)}")
    return known[kind]


def _load(where: str) -> Any:
    module, name = where.split(":")
    return getattr(import_module(module), name)
