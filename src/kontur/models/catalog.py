"""The families of models, by name. Nothing here imports torch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kontur.errors import InputError
from kontur.models.baseline.family import FAMILY as BASELINE
from kontur.models.family import Family
from kontur.models.maskrcnn.family import FAMILY as MASK_RCNN
from kontur.models.snake.family import FAMILY as SNAKE
from kontur.models.unet.family import SWINUNET, TRANSUNET, UNET
from kontur.settings import merge
from kontur.wording import nearest

if TYPE_CHECKING:
    from kontur.models.segmenter import Segmenter

FAMILIES: dict[str, Family] = {
    family.name: family for family in (SNAKE, MASK_RCNN, UNET, TRANSUNET, SWINUNET, BASELINE)
}
KINDS = tuple(name for name, family in FAMILIES.items() if family.trainable)
METHODS = tuple(name for name in FAMILIES if name not in KINDS)  # tuned, not trained


def family(kind: str) -> Family:
    """The family of a name; raises `InputError` that names the nearest one."""
    if kind not in FAMILIES:
        raise InputError(f"there is no kind of model {kind!r}; {nearest(kind, FAMILIES)}")
    return FAMILIES[kind]


def config(kind: str, values: Mapping[str, Any], *, preset: str | None = None) -> Any:
    """The settings of a kind: a preset's, laid over by `values`; `InputError` for wrong ones."""
    chosen = family(kind)
    if preset is not None and preset not in chosen.presets:
        raise InputError(f"{kind} has no preset {preset!r}; {nearest(preset, chosen.presets)}")
    base = chosen.presets[preset] if preset is not None else {}
    return chosen.config.read(merge(base, values), where=f"the settings of {kind}")


def segmenter(kind: str, settings: Any) -> "Segmenter":
    """A new network with random weights (imports torch); `InputError` where there is none."""
    return family(kind).network(settings)
