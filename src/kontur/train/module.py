"""The training step: losses, optimiser, averaged weights, and training in stages.

In stages, detection is trained first and the heads with it later (after Faster R-CNN), so that the
heads learn from boxes that are useful. A stage adds its losses to those before: features that were
trained for the first stage alone would suit the later ones badly, which is why the published recipe
returns to them, too. By default only what refines outlines begins later: it makes a step a third
longer, and a training that leaves it out until its middle ends as well in the same time
(docs/results.md).
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
from kontur.models.segmenter import REFINEMENT, Segmenter
from kontur.train.config import OptimiserConfig, TrainingConfig
from kontur.train.dataloader import Batch
from kontur.train.optimiser import averaged, build_optimiser, lasso, rate_at

Order = Literal["joint", "outlines-first", "staged"]
REFINED_FROM = 0.5  # share of a training at which the refinement begins
LAST_STAGE = 0.4  # of the time of a step that the last stage adds, about


class Stages:
    """The stages of a network that are trained, by the progress of the training.

    A stage that has begun does not end, also where a finished run is resumed for longer: their
    names are saved in checkpoints. `begun` is their number, and `trained` that of the latest step.
    """

    def __init__(self, segmenter: Segmenter, order: Order):
        self.names = tuple(segmenter.stages())
        if order == "staged" and len(self.names) < 2:
            raise InputError(
                "this kind of model is trained as one; leave training.stages out or set it to joint"
            )
        later = {"joint": {}, "outlines-first": {REFINEMENT: REFINED_FROM}, "staged": self._equal()}
        self.begins = [later[order].get(name, 0.0) for name in self.names]
        self.begun = self.begins.count(0.0)
        self.trained = 0

    def _equal(self) -> dict[str, float]:
        return {name: place / len(self.names) for place, name in enumerate(self.names)}

    @property
    def is_last(self) -> bool:
        """Whether the last stage has begun, so that all losses count."""
        return self.begun >= len(self.names)

    @property
    def are_trained(self) -> bool:
        """Whether a step of this process has trained all stages."""
        return self.trained >= len(self.names)

    def active(self, progress: float) -> tuple[str, ...]:
        """The names of the stages that are trained at `progress`, 0 to 1."""
        self.begun = max(self.begun, sum(begin <= progress for begin in self.begins))
        return self.names[: self.begun]

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on where the run of a checkpoint was."""
        begun = [name in checkpoint.get("stages", ()) for name in self.names].count(True)
        if checkpoint.get("stages_begun", 1) > 1:  # of earlier builds, whose networks had two
            begun = len(self.names)
        self.begun = max(self.begun, begun)

    def work(self, progress: float) -> float:
        """What has been done at `progress`, where a step without its last stage counts 1."""
        last = self.begins[-1] if self.names else 0.0
        return progress + (LAST_STAGE * max(0.0, progress - last) if last else 0.0)


class Diverged(InputError):
    """A loss or a weight is not finite: the steps of these settings are too large."""


class Clocks(NamedTuple):
    """Seconds of the wall clock, and of processor time of all threads of this process."""

    wall: float
    processor: float

    @classmethod
    def now(cls) -> "Clocks":
        return cls(time.monotonic(), time.process_time())


class Training(LightningModule):
    """A segmenter, its averaged copy, the optimiser, and the progress of the training.

    `seconds` is the time of all training steps, before an interruption too, by the wall clock;
    `work` the same by the clock of `training.clock`.
    """

    def __init__(self, segmenter: Segmenter, optimiser: OptimiserConfig, training: TrainingConfig):
        super().__init__()
        self.segmenter: Segmenter = segmenter.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = averaged(self.segmenter, training.average)
        self.optimiser_config = optimiser
        self.training_config = training
        self.stages = Stages(segmenter, training.stages or "joint")
        self.seconds, self.work = 0.0, 0.0
        self.latest: dict[str, Tensor] = {}  # the losses of the last step, for callbacks
        self._since = Clocks.now()
        self._is_saved = False  # whether there is a checkpoint to go on from
        self._resting: list[nn.Parameter] = []  # weights that the latest step did not depend on
        self._wanted: list[dict[str, Any]] = []  # of the optimiser, by group of weights

    @property
    def averaged(self) -> Segmenter:
        """The averaged network: what is validated, tuned and exported."""
        network: Segmenter = self.average.module  # type: ignore[assignment]
        return network

    @property
    def progress(self) -> float:
        """From 0 to 1: the share of the steps, or of the minutes, whichever is larger."""
        shares = [self.global_step / self.training_config.steps]
        if self.training_config.minutes is not None:
            shares.append(self.work / 60 / self.training_config.minutes)
        return max(shares)

    @property
    def _is_last_step(self) -> bool:
        """Whether no step follows, so that a stage that has not begun would never be trained."""
        return self.global_step + 1 >= self.training_config.steps

    @property
    def is_over(self) -> bool:
        """Whether steps or minutes are used up, and every stage was trained in a step at least."""
        return self.progress >= 1 and self.stages.are_trained

    @property
    def seconds_left(self) -> float:
        """The seconds until the end, at the mean speed so far; a last stage makes steps longer."""
        work = self.stages.work if self.training_config.minutes is None else float
        done = max(work(self.progress), 1e-9)
        return self.seconds / done * max(0.0, work(1.0) - done)  # minutes end within a step

    @property
    def rate(self) -> float:
        """The current learning rate."""
        return float(self.trainer.optimizers[0].param_groups[0]["lr"])

    def configure_optimizers(self) -> Any:
        optimiser = build_optimiser(self.segmenter, self.optimiser_config)
        # the lambda ignores the scheduler's own count: progress may go by minutes
        schedule = LambdaLR(optimiser, lambda _: rate_at(self.progress, self.optimiser_config))
        groups = optimiser.param_groups
        self._wanted = [{k: v for k, v in group.items() if k != "params"} for group in groups]
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
            active = self.stages.active(1.0 if self._is_last_step else self.progress)
            self.stages.trained = len(active)
            with self._reproducible_noise():
                losses = self.segmenter.loss(*batch, active)
        except IndexError:
            # NaN coordinates of points index no pixel of the features; any other error is a defect
            name = self._first_not_finite(batch)
            if not name:
                raise
            self._raise_diverged(name)
        except RuntimeError as error:
            if "device-side assert" in str(error):
                raise InputError(self._assertion_message()) from error
            raise
        total = self.segmenter.total(losses)
        if self.optimiser_config.l1 > 0:
            losses["l1"] = self.optimiser_config.l1 * lasso(self.segmenter)
            total = total + losses["l1"]
        self.latest = {**losses, "total": total}
        self.latest = {name: loss.detach() for name, loss in self.latest.items()}
        wrong = [name for name, loss in self.latest.items() if not math.isfinite(float(loss))]
        if wrong:
            self._raise_diverged(", ".join(wrong))
        return self._with_resting_weights(total)

    def _with_resting_weights(self, total: Tensor) -> Tensor:
        """The total, and 0 for the weights of stages that have not begun, on several devices.

        These wait for a gradient of every weight, and would look for those without one in every
        step, long after all have begun. `on_after_backward` takes the zeros away.
        """
        if self.stages.is_last or not torch.distributed.is_initialized():
            self._resting = []
            return total
        reached = _weights_behind(total)
        weights = [w for w in self.segmenter.parameters() if w.requires_grad]
        self._resting = [weight for weight in weights if weight not in reached]
        return total + sum(0.0 * weight.sum() for weight in self._resting)

    def on_after_backward(self) -> None:
        """Leave weights without a gradient that rest: the optimiser then passes them over."""
        for weight in self._resting:
            weight.grad = None

    def on_train_start(self) -> None:
        """Apply the settings of a resumed run, which the options in the checkpoint replaced."""
        share = rate_at(self.progress, self.optimiser_config)
        groups = self.trainer.optimizers[0].param_groups
        for group, wanted in zip(groups, self._wanted, strict=True):
            group.update(wanted, lr=wanted["initial_lr"] * share)
        schedule: Any = self.trainer.lr_scheduler_configs[0].scheduler
        schedule.base_lrs = [wanted["initial_lr"] for wanted in self._wanted]
        self.pause()

    def optimizer_step(self, *arguments: Any, **options: Any) -> None:
        """The step, the averaging of weights and the time, so that callbacks see them updated."""
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
        """Exclude the time since the last step, such as that of a validation."""
        self._since = Clocks.now()

    @contextmanager
    def _reproducible_noise(self) -> Iterator[None]:
        """The same dropout in the same step on the same device, also in a resumed run."""
        gpus = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(gpus):
            seed = (self.training_config.seed, self.global_step, self.global_rank)
            torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
            yield

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["seconds"], checkpoint["work"] = self.seconds, self.work
        checkpoint["stages"] = self.stages.active(0.0)
        self._is_saved = True

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.seconds = float(checkpoint["seconds"])
        self.work = float(checkpoint.get("work", self.seconds))
        self.stages.resume(checkpoint)
        self._is_saved = True

    def check_weights(self) -> None:
        """Raise `Diverged` for a weight, or its average, that is not finite.

        A step may make it so, and its loss was of the weights before. Buffers may be infinite.
        """
        for network, what in ((self.segmenter, "weight"), (self.averaged, "averaged weight")):
            if name := _first_not_finite_weight(network):
                self._raise_diverged(f"the {what} {name}")

    def _first_not_finite(self, batch: Batch) -> str:
        """The first weight or layer of a step with a value that is not finite; "" without one."""
        if name := _first_not_finite_weight(self.segmenter):
            return f"the weight {name}"
        not_finite: list[str] = []

        def watch(name: str) -> Callable[..., None]:
            def hook(module: nn.Module, inputs: Any, output: Any) -> None:
                tensors = [tensor for tensor in tree_leaves(output) if isinstance(tensor, Tensor)]
                if not all(tensor.isfinite().all() for tensor in tensors):
                    not_finite.append(f"the output of {name}")

            return hook

        modules = [(n, m) for n, m in self.segmenter.named_modules() if n]
        handles = [module.register_forward_hook(watch(name)) for name, module in modules]
        try:
            with self._reproducible_noise(), torch.no_grad(), suppress(IndexError):
                self.segmenter.loss(*batch, self.stages.active(self.progress))
        finally:
            for handle in handles:
                handle.remove()
        return not_finite[0] if not_finite else ""

    def _assertion_message(self) -> str:
        """Advice after a failed assertion on a GPU, which gives no details and stops working."""
        way = "go on from the last checkpoint" if self._is_saved else "begin again"
        return (
            f"the GPU found a position outside its memory at step {self.global_step}; that happens "
            f"where training diverges: {way} with a smaller rate "
            f"(--resume --set optimiser.rate={self.optimiser_config.rate / 4:g}), and if it "
            "happens again with --set training.accelerator=cpu, which shows where"
        )

    def _raise_diverged(self, what: str) -> NoReturn:
        more = ", or go on from the last checkpoint with --resume and that rate"
        raise Diverged(
            f"training diverged at step {self.global_step}: {what} is not finite; take a "
            f"smaller rate (--set optimiser.rate={self.optimiser_config.rate / 4:g}) and start "
            f"again with --force{more if self._is_saved else ' (no checkpoint was saved yet)'}"
        )


def _weights_behind(total: Tensor) -> set[Tensor]:
    """The weights on which a loss depends."""
    waiting, seen, weights = [total.grad_fn], set(), set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):  # of a leaf
            weights.add(node.variable)
        waiting += [following for following, _ in node.next_functions]
    return weights


def _first_not_finite_weight(network: nn.Module) -> str:
    """The name of the first weight with a value that is not finite; "" without one."""
    named = network.named_parameters()
    return next((name for name, weight in named if not weight.isfinite().all()), "")
