"""Training in stages: what finds objects first, then, with it, what looks into them.

Our notes and Faster R-CNN train the proposals first, so that the heads learn from boxes that are
some good. A stage adds its losses to those before: features that only ever served the first stage
would serve the later ones badly, which is why the published recipe too goes back to them.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils._pytree import tree_leaves

from kontur.errors import InputError
from kontur.models.segmenter import Segmenter
from kontur.train.config import OptimiserConfig, TrainingConfig
from kontur.train.dataloader import Batch
from kontur.train.optimiser import averaged, build_optimiser, lasso, rate_at

Order = Literal["joint", "staged"]


class Stages:
    """Which losses count, by how far the training has come; each stage begins at an equal share.

    A stage that has begun does not end, also where a finished run goes on for longer: `begun` goes
    into checkpoints.
    """

    def __init__(self, segmenter: Segmenter, order: Order):
        self.names = list(segmenter.stages().values()) if order == "staged" else []
        self.begun = 1
        if order == "staged" and len(self.names) < 2:
            raise InputError(
                "this kind of model is trained as one; leave training.stages out or set it to joint"
            )

    @property
    def is_last(self) -> bool:
        """Whether all losses count: no stage is still to begin."""
        return self.begun >= len(self.names)

    def counted(self, losses: dict[str, Tensor], progress: float) -> dict[str, Tensor]:
        """Those of the losses that count at `progress` (0 to 1)."""
        if not self.names:
            return losses
        reached = 1 + int(progress * len(self.names))
        self.begun = min(max(self.begun, reached), len(self.names))
        active = {name for stage in self.names[: self.begun] for name in stage}
        return {name: loss for name, loss in losses.items() if name in active}


class Diverged(InputError):
    """A loss is no number any more: the settings make steps that are too large."""


class Clocks(NamedTuple):
    """Seconds on the wall, and those that all threads of this process have computed."""

    wall: float
    processor: float

    @classmethod
    def now(cls) -> "Clocks":
        return cls(time.monotonic(), time.process_time())


class Training(LightningModule):
    """A segmenter, its averaged copy, the optimiser and how far the training has come.

    `seconds` counts the time of all training steps, those before an interruption too; `work` the
    same by the clock that the minutes of the settings go by.
    """

    def __init__(self, segmenter: Segmenter, optimiser: OptimiserConfig, training: TrainingConfig):
        super().__init__()
        self.segmenter: Segmenter = segmenter.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = averaged(self.segmenter, training.average)
        self.optimiser_config = optimiser
        self.training_config = training
        self.stages = Stages(segmenter, training.stages)
        self.seconds, self.work = 0.0, 0.0
        self.latest: dict[str, Tensor] = {}  # the losses of the last step, for the watchers
        self._since = Clocks.now()
        self._wanted: list[dict[str, Any]] = []  # of the optimiser, by group of weights

    @property
    def averaged(self) -> Segmenter:
        """The averaged network: what is validated, tuned and exported."""
        network: Segmenter = self.average.module  # type: ignore[assignment]
        return network

    @property
    def progress(self) -> float:
        """From 0 to 1: the share of the steps, or of the minutes where that is more."""
        shares = [self.global_step / self.training_config.steps]
        if self.training_config.minutes is not None:
            shares.append(self.work / 60 / self.training_config.minutes)
        return max(shares)

    @property
    def seconds_left(self) -> float:
        """Until the end, were the rest as fast as what is done."""
        done = max(self.progress, 1e-9)
        return self.seconds / done * max(0.0, 1 - done)  # minutes end within a step

    @property
    def rate(self) -> float:
        """The learning rate as it is now."""
        return float(self.trainer.optimizers[0].param_groups[0]["lr"])

    def configure_optimizers(self) -> Any:
        optimiser = build_optimiser(self.segmenter, self.optimiser_config)
        # the lambda ignores the scheduler's own count: progress may go by minutes
        schedule = LambdaLR(optimiser, lambda _: rate_at(self.progress, self.optimiser_config))
        groups = optimiser.param_groups
        self._wanted = [{k: v for k, v in each.items() if k != "params"} for each in groups]
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def configure_gradient_clipping(self, optimizer: Any, *_: Any, **__: Any) -> None:
        if self.optimiser_config.clip > 0:
            parameters = self.segmenter.parameters()
            torch.nn.utils.clip_grad_norm_(parameters, self.optimiser_config.clip, foreach=True)

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, dataloader_idx: int
    ) -> Batch:
        targets = type(batch.targets)(*(t.to(device, non_blocking=True) for t in batch.targets))
        return Batch(batch.images.to(device, non_blocking=True), targets)

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        try:
            with self._same_noise():
                losses = self.segmenter.loss(batch.images, batch.targets)
        except IndexError:
            # a point that is no number lies at no pixel of the features; any other is a defect
            name = self._first_that_is_no_number(batch)
            if not name:
                raise
            self._refuse(name)
        except RuntimeError as error:
            if "device-side assert" in str(error):
                raise InputError(self._about_an_assertion()) from error
            raise
        total = self.segmenter.total(self.stages.counted(losses, self.progress))
        if self.optimiser_config.l1 > 0:
            losses["l1"] = self.optimiser_config.l1 * lasso(self.segmenter)
            total = total + losses["l1"]
        self.latest = {**losses, "total": total}
        self.latest = {name: loss.detach() for name, loss in self.latest.items()}
        wrong = [name for name, loss in self.latest.items() if not math.isfinite(float(loss))]
        if wrong:
            self._refuse(", ".join(wrong))
        return total

    def on_train_start(self) -> None:
        """What was asked for with `--resume` holds: a checkpoint brings the options of its time."""
        share = rate_at(self.progress, self.optimiser_config)
        groups = self.trainer.optimizers[0].param_groups
        for group, wanted in zip(groups, self._wanted, strict=True):
            group.update(wanted, lr=wanted["initial_lr"] * share)
        schedule: Any = self.trainer.lr_scheduler_configs[0].scheduler
        schedule.base_lrs = [wanted["initial_lr"] for wanted in self._wanted]
        self.pause()

    def optimizer_step(self, *arguments: Any, **options: Any) -> None:
        """The step and what belongs to it, so that callbacks after it find all of it done."""
        super().optimizer_step(*arguments, **options)
        self.average.update_parameters(self.segmenter)
        now = Clocks.now()
        took = now.wall - self._since.wall
        self.seconds += took
        by_processor = self.training_config.clock == "processor" and self.device.type == "cpu"
        used = (now.processor - self._since.processor) / torch.get_num_threads()
        self.work += used if by_processor else took
        self._since = now
        if self.training_config.minutes is not None and self.trainer.world_size > 1:
            self.work = self.trainer.strategy.broadcast(self.work)  # one clock, one rate

    def pause(self) -> None:
        """Leave out the time since the last step: it was not training (a validation, say)."""
        self._since = Clocks.now()

    @contextmanager
    def _same_noise(self) -> Iterator[None]:
        """The same dropout in the same step on the same device, also after going on."""
        gpus = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(gpus):
            seed = (self.training_config.seed, self.global_step, self.global_rank)
            torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
            yield

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["seconds"], checkpoint["work"] = self.seconds, self.work
        checkpoint["stages_begun"] = self.stages.begun

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.seconds = float(checkpoint["seconds"])
        self.work = float(checkpoint.get("work", self.seconds))
        self.stages.begun = int(checkpoint.get("stages_begun", 1))

    def _first_that_is_no_number(self, batch: Batch) -> str:
        """The first weight or layer of a step with a value that is not finite; "" without one."""
        for name, weight in self.segmenter.named_parameters():
            if not weight.isfinite().all():
                return f"the weight {name}"
        found: list[str] = []

        def look(name: str) -> Callable[..., None]:
            def hook(module: nn.Module, inputs: Any, output: Any) -> None:
                tensors = [each for each in tree_leaves(output) if isinstance(each, Tensor)]
                if not all(each.isfinite().all() for each in tensors):
                    found.append(f"the output of {name}")

            return hook

        modules = [(n, m) for n, m in self.segmenter.named_modules() if n]
        handles = [module.register_forward_hook(look(name)) for name, module in modules]
        try:
            with self._same_noise(), torch.no_grad(), suppress(IndexError):
                self.segmenter.loss(batch.images, batch.targets)
        finally:
            for handle in handles:
                handle.remove()
        return found[0] if found else ""

    def _about_an_assertion(self) -> str:
        """A GPU says no more than that, and answers nothing after it."""
        return (
            f"the GPU found a position outside its memory at step {self.global_step}; that happens "
            "where training diverges: go on from the last checkpoint with a smaller rate "
            f"(--resume --set optimiser.rate={self.optimiser_config.rate / 4:g}), and if it "
            "happens again with --set training.accelerator=cpu, which says where"
        )

    def _refuse(self, what: str) -> NoReturn:
        raise Diverged(
            f"training diverged at step {self.global_step}: {what} is no number any more; take a "
            f"smaller rate (--set optimiser.rate={self.optimiser_config.rate / 4:g}) and start "
            "again with --force, or go on from the last checkpoint with --resume and that rate"
        )
