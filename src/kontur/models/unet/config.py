"""The settings that all U-Nets share, and those of the U-Net itself with its presets."""

from typing import Any, ClassVar, Literal, Self

import pydantic

from kontur.models.backbone import Backbone, coarsest_stride, layers_of
from kontur.models.family import DecodeVariant
from kontur.nn.shape import BLOCK_LAYERS, UP_LAYERS, Layer, receptive_field
from kontur.settings import Settings

BlockName = Literal["double", "residual", "bac", "separable", "spatial", "dilated", "inception"]
UpName = Literal["transposed", "bilinear", "nearest"]

BACKGROUND, INTERIOR, BORDER = 0, 1, 2  # the pixel classes of the task `instances`


class LossWeights(Settings):
    """The weight of each named loss in the sum that is minimised."""

    cross_entropy: float = pydantic.Field(1.0, ge=0)
    dice: float = pydantic.Field(0.5, ge=0)
    label: float = pydantic.Field(0.5, ge=0)


class DecodeConfig(Settings):
    """The decoding of pixels into objects, tuned on validation data when training ends.

    Attributes:
        method: how touching objects are separated. `grow`: every connected interior is the seed
            of one, and they grow back over interior and border. `watershed`: the distance to the
            background is the relief, its peaks are the seeds; the border class plays no part.
        foreground: a pixel belongs to some object where its probability of background is at most
            1 minus this.
        seed: a pixel belongs to a seed where it is interior with more than this probability.
        opening: pixels; what is narrower than a disc of this radius is cut off the seeds (`grow`)
            or the foreground (`watershed`, `semantic`).
        closing: pixels; gaps of the foreground narrower than a disc of this radius are filled.
        holes: whether background that one object encloses becomes that object's.
        smallest: pixels; smaller objects are left out.
        min_distance: pixels; peaks at most this far apart are one seed (`watershed`).
    """

    RENAMED: ClassVar[dict[str, str]] = {"apart": "min_distance"}

    method: Literal["grow", "watershed"] = "grow"
    foreground: float = pydantic.Field(0.5, gt=0, lt=1)
    seed: float = pydantic.Field(0.5, gt=0, lt=1)
    opening: float = pydantic.Field(0.0, ge=0)
    closing: float = pydantic.Field(0.0, ge=0)
    holes: Literal["keep", "fill"] = "keep"
    smallest: int = pydantic.Field(0, ge=0)
    min_distance: float = pydantic.Field(6.0, ge=0)


DECODE_VALUES: dict[
    str, tuple[Any, ...]
] = {  # the values of each decode setting that tuning compares
    "method": ("grow", "watershed"),
    "seed": (0.3, 0.5, 0.7),
    "foreground": (0.4, 0.5, 0.6),
    "min_distance": (3.0, 6.0, 12.0, 24.0),
    "opening": (0.0, 1.0, 2.0, 4.0),
    "closing": (0.0, 1.0, 2.0),
    "holes": ("keep", "fill"),
    "smallest": (0, 10, 20, 40, 80),
}
SEEDED = {"grow": {"seed"}, "watershed": {"min_distance"}}  # settings of one method only
OF_SEEDS = {"method", "seed", "min_distance"}  # settings without effect for the task `semantic`


class DenseConfig(Settings):
    """The settings of every network that gives each pixel a class.

    Attributes:
        channels: channels of the image that the network sees.
        classes: names of the objects' classes.
        task: `instances` learns background, interior and border, and the class of an object beside
            them; `semantic` learns background and the classes, and every connected region of a
            class is an object.
        border: pixels; how far the border class reaches into an object from its outline.
        weights: of the losses.
        class_weights: of the pixel classes in the cross-entropy, the background first; all 1 where
            none are given.
        decode: how pixels become objects.
        dropout: the share of channels (of tokens' channels in transformers) that is dropped.
        activation: of every layer; `own` is ReLU in convolutions and GELU in transformers. The
            backbone `efficientnet-lite0` keeps its ReLU6, which its weights were trained with.
        initialiser: of every linear and convolutional layer (`nn.initialise`); `own` is torch's, a
            uniform draw of a sixth of Kaiming's variance, best or near it on one scene.
    """

    channels: int = pydantic.Field(3, ge=1)
    classes: tuple[str, ...] = pydantic.Field(("object",), min_length=1)
    task: Literal["instances", "semantic"] = "instances"
    border: int = pydantic.Field(2, ge=1)
    weights: LossWeights = LossWeights()
    class_weights: tuple[pydantic.PositiveFloat, ...] = ()
    decode: DecodeConfig = DecodeConfig()
    dropout: float = pydantic.Field(0.0, ge=0, lt=1)
    activation: Literal["own", "relu", "leaky-relu", "prelu", "sigmoid", "tanh", "gelu"] = "own"
    initialiser: Literal["own", "normal", "xavier", "kaiming"] = "own"

    @pydantic.model_validator(mode="after")
    def _check_weights(self) -> Self:
        if self.class_weights and len(self.class_weights) != self.pixel_classes:
            raise ValueError(
                f"class_weights needs one weight for each of {self.pixel_classes} pixel classes, "
                f"the background first, or none, got {len(self.class_weights)}"
            )
        return self

    @property
    def halving(self) -> Layer | None:
        """The layer that halves a map, where one of odd sides is halved too and not refused."""
        return None

    @property
    def pixel_classes(self) -> int:
        """The number of pixel classes, background included."""
        return 3 if self.task == "instances" else 1 + len(self.classes)

    @property
    def object_classes(self) -> int:
        """Channels for the class of the object that a pixel belongs to; 0 for one class."""
        several = self.task == "instances" and len(self.classes) > 1
        return len(self.classes) if several else 0

    @property
    def outputs(self) -> int:
        """Channels of the network's output."""
        return self.pixel_classes + self.object_classes


class UNetConfig(DenseConfig):
    """A U-Net's shape.

    Attributes:
        backbone: `plain` is the original: blocks at the image's own size, then at half of it, and
            so on. `residual` halves the image at once (`nn.resnet`): a fraction of the work, and so
            does `efficientnet-lite0`, which has a shape of its own: `stem`, `widths` and `depths`
            are not read.
        pretrained: whether a training that starts from random weights takes ImageNet's for a
            backbone that has them.
        stem: channels of the residual backbone at half the image's size.
        widths: channels of each level, fine to coarse; from the image's size on if `plain`, from
            a quarter of it on if `residual`.
        depths: residual blocks of each level.
        block: the block of the decoder, and of the encoder if `plain` (`nn.blocks`).
        up: the up-sampling, which doubles height and width (`nn.upsample`).
    """

    backbone: Literal["plain"] | Backbone = "residual"
    pretrained: bool = True
    stem: int = pydantic.Field(32, ge=1)
    widths: tuple[pydantic.PositiveInt, ...] = pydantic.Field((64, 96, 128, 160), min_length=1)
    depths: tuple[pydantic.PositiveInt, ...] = (2, 2, 2, 2)
    block: BlockName = "double"
    up: UpName = "bilinear"

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.backbone == "residual" and len(self.widths) != len(self.depths):
            raise ValueError(
                f"widths and depths describe the same levels, got {len(self.widths)} and "
                f"{len(self.depths)} of them"
            )
        return self

    @property
    def multiple(self) -> int:
        """Image height and width are padded to multiples of this: the coarsest level's stride."""
        if self.backbone == "plain":
            return int(2 ** (len(self.widths) - 1))
        return coarsest_stride(self.backbone, self.widths)

    @property
    def halving(self) -> Layer | None:
        return {"plain": HALVED, "residual": STRIDED}.get(self.backbone)

    @property
    def receptive_field(self) -> int:
        """The side in pixels of the square of the image that decides about one pixel."""
        block = BLOCK_LAYERS[self.block]
        if self.backbone == "plain":
            down = [*block, *(layer for _ in self.widths[1:] for layer in (HALVED, *block))]
            ups = len(self.widths) - 1
        else:
            down = layers_of(self.backbone, self.depths)
            ups = self.multiple.bit_length() - 1
        return receptive_field([*down, *[UP_LAYERS[self.up], *block] * ups])


HALVED = Layer(2, stride=2)  # pooling
STRIDED = Layer(3, stride=2)  # of the residual backbone (`nn.resnet`)


def decode_variants(config: DenseConfig) -> list[DecodeVariant]:
    """The configs that differ from `config` in the value of one decode setting, for tuning."""
    decode = config.decode
    unread = (
        OF_SEEDS if config.task == "semantic" else OF_SEEDS - {"method"} - SEEDED[decode.method]
    )
    return [
        DecodeVariant(config.model_copy(update={"decode": decode.model_copy(update={name: value})}))
        for name, values in DECODE_VALUES.items()
        if name not in unread
        for value in values
        if value != getattr(decode, name)
    ]


PRESETS: dict[str, dict[str, Any]] = {
    # Ronneberger et al., 2015, figure 1, with padding and batch normalisation.
    "paper": {
        "backbone": "plain",
        "widths": (64, 128, 256, 512, 1024),
        "block": "double",
        "up": "transposed",
    },
    "fast": {},
    # For tests and first tries: seconds to build, minutes to train.
    "tiny": {"backbone": "plain", "widths": (8, 16, 32, 48, 64), "up": "bilinear"},
}
