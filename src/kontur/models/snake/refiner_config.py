"""The settings of what moves the points of contours, a class a kind."""

from typing import Annotated, Literal, Self

import pydantic

from kontur.settings import Settings

AROUND = 1.5  # how much larger than the object's box the grid of image tokens is, along each side


class RefinerSettings(Settings):
    """What refiners of every kind have.

    Attributes:
        width: channels of every layer.
        profile, reach: at how many places across the contour a point reads the features, and how
            far the outermost are, a share of the object's side; published, at the point alone.
    """

    width: int = pydantic.Field(64, ge=1)
    profile: int = pydantic.Field(1, ge=1)
    reach: float = pydantic.Field(0.15, gt=0, le=1)


class EncoderSettings(RefinerSettings):
    """Circular convolutions around the ring (`nn.circular.SnakeEncoder`).

    Attributes:
        fusion: channels of the fused whole-ring state; as many as `width` where it is not given.
        form: `dense` convolutions, as published, or depthwise separable ones.
        kernel, dilations: points that a layer sees, and how far apart, a layer each.
        order: normalisation before the activation, or after it, as published.
    """

    fusion: int = pydantic.Field(default_factory=lambda known: known["width"], ge=1)
    form: Literal["dense", "separable"] = "separable"
    kernel: int = pydantic.Field(9, ge=3)
    dilations: tuple[pydantic.PositiveInt, ...] = pydantic.Field(
        (1, 1, 1, 1, 2, 2, 4, 4), min_length=1
    )
    order: Literal["norm-first", "paper"] = "norm-first"

    @pydantic.model_validator(mode="after")
    def _check_kernel(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(
                f"kernel must be odd, as many points on either side, got {self.kernel}"
            )
        return self


class CircularRefinerConfig(EncoderSettings):
    """A refiner of circular convolutions, as published; each stage has weights of its own."""

    kind: Literal["circular"] = "circular"


class RecurrentRefinerConfig(EncoderSettings):
    """One encoder and a recurrent cell a point, for every stage (`models.snake.recurrent`).

    Attributes:
        cell: of the plain RNN, the GRU or the LSTM (`nn.recurrent`).
        hidden: numbers of a point's hidden state.
        layers: cells on top of one another.
        growth: by how much more the loss of each stage counts than that of the one before it.
        least_move: pixels of the network's input; at prediction an object none of whose points
            moved so far in a stage is at rest and is moved no more. 0 moves all in every stage.
    """

    kind: Literal["recurrent"] = "recurrent"
    cell: Literal["rnn", "gru", "lstm"] = "gru"
    hidden: int = pydantic.Field(64, ge=1)
    layers: int = pydantic.Field(1, ge=1)
    growth: float = pydantic.Field(1.25, ge=1)
    least_move: float = pydantic.Field(0.1, ge=0)

    @property
    def memory(self) -> int:
        """Numbers that a point remembers in each layer: h, and of an LSTM c."""
        return self.hidden * (2 if self.cell == "lstm" else 1)


class AttentionRefinerConfig(RefinerSettings):
    """Attention among the points of a contour (`models.snake.attention`); weights a stage.

    Attributes:
        heads: of every attention, an equal share of the width each.
        layers: of attention, each with an MLP.
        harmonics: of the Fourier series that says what the way around the ring between two points
            means to their attention.
        neighbours: the objects around it that the points of an object attend to; 0 is none.
        image_tokens: along each side of a grid over the object's surroundings, places of the image
            that its points attend to; 0 is none.
    """

    kind: Literal["attention"] = "attention"
    heads: int = pydantic.Field(4, ge=1)
    layers: int = pydantic.Field(3, ge=1)
    harmonics: int = pydantic.Field(16, ge=1)
    neighbours: int = pydantic.Field(0, ge=0)
    image_tokens: int = pydantic.Field(0, ge=0)

    @pydantic.model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(
                f"each head takes an equal share of the width, got a width of {self.width} for "
                f"{self.heads} heads"
            )
        return self


RefinerConfig = Annotated[
    CircularRefinerConfig | RecurrentRefinerConfig | AttentionRefinerConfig,
    pydantic.Field(discriminator="kind"),
]
