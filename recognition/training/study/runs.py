"""Train one contestant from one seed, or go on with a run that was stopped.

The order of the data depends on seed and epoch alone and nothing else is random after the
first weights, so a run that was stopped ends like one that was not. A run is one thread's.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from recognition.errors import NonFiniteLossError, StudyError, StudyFault
from recognition.training.steps import learning_pace, save_state, take_step
from recognition.training.study.records import read_run, write_run
from recognition.training.study.types import CurvePoint, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt
    from torch import nn

    from recognition.training.study.contestants import Contestant
    from recognition.training.study.tasks import Task
    from recognition.training.study.types import Budget, StudySettings

STATE, WEIGHTS = "state.pt", "weights.pt"
_POOL_BATCHES = 16  # items of so many batches are sorted by width, so that little is padded


def run_folder(out: Path, contestant: Contestant, seed: int) -> Path:
    """Say where a run keeps what it leaves."""
    plain = "".join(char if char.isalnum() else "-" for char in contestant.name.lower())
    return out / "runs" / f"{plain.replace('--', '-')}-{seed}"


def run(
    contestant: Contestant,
    task: Task,
    settings: StudySettings,
    *,
    seed: int,
    on_step: Callable[[float, float], None],
) -> Run:
    """Train, measure and keep one contestant; a run that is done is only read again.

    Args:
        contestant: which kind of network.
        task: data to learn from and to test on.
        settings: the budget.
        seed: of the first weights and the order of the data.
        on_step: told after every step the share of the run that is done, and the loss; told
            once of a run that is there.

    Raises:
        StudyError: the loss is NaN or infinite, or the folder's state is damaged.
        OSError: the folder cannot be written.
    """
    budget = settings.budget
    folder = run_folder(settings.out, contestant, seed)
    if (done := read_run(folder)) is not None:
        on_step(1.0, done.curve[-1].loss)
        return done
    folder.mkdir(parents=True, exist_ok=True)
    trial = _Trial(sized(contestant, budget.parameters, seed=seed), budget)
    trial.load(folder / STATE)
    steps = budget.epochs * len(epoch_batches(task.widths_px, budget.batch, seed=seed, epoch=0))
    marks = {round(steps * k / budget.measures) for k in range(1, budget.measures + 1)}
    for batch in _batches(task.widths_px, budget, seed=seed, first_step=trial.step):
        try:
            loss = trial.learn(task, batch, done=trial.step / steps)
        except NonFiniteLossError as error:
            raise StudyError(
                StudyFault.LOSS_NOT_FINITE,
                f"{contestant.name}, seed {seed}: {error}; "
                "name a lower --learning-rate and another --out",
            ) from error
        on_step(trial.step / steps, loss)
        if trial.step in marks:
            trial.measure(task)
            trial.save(folder / STATE)
    return _finish(trial, task, contestant, seed, folder)


def load_weights(folder: Path, network: nn.Module) -> nn.Module:
    """Give a network the weights of a run that is done, ready to read.

    Raises:
        StudyError: the weights are missing, damaged or of another network.
    """
    try:
        network.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True))
    except Exception as error:  # torch raises whatever the damage makes of the file
        raise StudyError(
            StudyFault.RUN_DAMAGED,
            f"{folder / WEIGHTS} is damaged, or of another version of penname; remove {folder}",
        ) from error
    return network.eval()


def sized(contestant: Contestant, parameters: int, *, seed: int = 0) -> nn.Module:
    """Build the largest network of a kind that a budget of parameters allows.

    Its first weights are the seed's own.

    Raises:
        StudyError: even the smallest one is larger.
    """
    with torch.device("meta"):  # to be counted, a network needs no memory
        smallest = count_parameters(contestant.build(1))
        if smallest > parameters:
            raise StudyError(
                StudyFault.BUDGET_TOO_SMALL,
                f"{contestant.name} has {smallest} parameters at least, the budget is {parameters}",
            )
        beyond = bisect_right(  # the first width that has more than the budget
            range(parameters + 1),
            parameters,
            lo=1,
            key=lambda width: count_parameters(contestant.build(width)),
        )
    torch.manual_seed(seed)
    return contestant.build(beyond - 1)


def count_parameters(network: nn.Module) -> int:
    """Count a network's weights."""
    return sum(weight.numel() for weight in network.parameters())


def _batches(
    widths_px: npt.NDArray[np.int64], budget: Budget, *, seed: int, first_step: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Give the batches of all epochs in turn, without those that were learned from before."""
    batches = (
        batch
        for epoch in range(budget.epochs)
        for batch in epoch_batches(widths_px, budget.batch, seed=seed, epoch=epoch)
    )
    return islice(batches, first_step, None)


def epoch_batches(
    widths_px: npt.NDArray[np.int64], batch: int, *, seed: int, epoch: int
) -> list[npt.NDArray[np.int64]]:
    """Put all items into batches of like width, in an order of the seed's and epoch's own."""
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(widths_px))
    pools = [
        order[i : i + _POOL_BATCHES * batch] for i in range(0, len(order), _POOL_BATCHES * batch)
    ]
    batches: list[npt.NDArray[np.int64]] = []
    for pool in pools:
        alike = pool[np.argsort(widths_px[pool], kind="stable")]
        batches.extend(alike[i : i + batch] for i in range(0, len(alike), batch))
    return [batches[index] for index in rng.permutation(len(batches))]


class _Trial:
    """A network on its way."""

    def __init__(self, network: nn.Module, budget: Budget) -> None:
        self.network = network
        self.budget = budget
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=budget.learning_rate, weight_decay=budget.weight_decay
        )
        self.step = self.items = 0
        self.cpu_s = 0.0  # spent on learning alone
        self.curve: list[CurvePoint] = []
        self._losses: list[float] = []  # since the last point of the curve

    def learn(self, task: Task, chosen: npt.NDArray[np.int64], *, done: float) -> float:
        """Take one step; give its loss."""
        began = time.process_time()
        budget = self.budget
        self.network.train().zero_grad(set_to_none=True)
        loss = task.losses(self.network, chosen).mean()
        if not bool(torch.isfinite(loss)):
            raise NonFiniteLossError(step=self.step)
        loss.backward()  # type: ignore[no-untyped-call] # torch's own
        rate = budget.learning_rate * learning_pace(done, budget.warmup_share)
        take_step(self.network, self.optimizer, rate=rate, clip_norm=budget.clip_norm)
        self.step += 1
        self.items += len(chosen)
        self._losses.append(float(loss.detach()))
        self.cpu_s += time.process_time() - began
        return self._losses[-1]

    def measure(self, task: Task) -> None:
        """Add a point to the learning curve."""
        outcome = task.read(self.network.eval())
        self.curve.append(
            CurvePoint(
                items=self.items,
                loss=float(np.mean(self._losses)),
                exact=outcome.exact,
                error_rate=outcome.error_rate,
            )
        )
        self._losses = []

    def save(self, path: Path) -> None:
        """Keep what it takes to go on."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "items": self.items,
            "cpu_s": self.cpu_s,
            "curve": [asdict(point) for point in self.curve],
        }
        save_state(path, state)

    def load(self, path: Path) -> None:
        """Go on from a state, where there is one."""
        if not path.is_file():
            return
        try:
            state = torch.load(path, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.curve = [CurvePoint(**point) for point in state["curve"]]
            self.step, self.items, self.cpu_s = state["step"], state["items"], state["cpu_s"]
        except Exception as error:  # torch raises whatever the damage makes of the file
            raise StudyError(
                StudyFault.RUN_DAMAGED, f"{path} is damaged; remove it to begin that run anew"
            ) from error


def _finish(trial: _Trial, task: Task, contestant: Contestant, seed: int, folder: Path) -> Run:
    began = time.process_time()
    outcome = task.read(trial.network.eval())
    cpu_s = time.process_time() - began
    done = Run(
        contestant=contestant.name,
        seed=seed,
        parameters=count_parameters(trial.network),
        curve=tuple(trial.curve),
        train_per_s=trial.items / trial.cpu_s,
        read_per_s=len(outcome.edits) / cpu_s,
        outcome=outcome,
    )
    save_state(folder / WEIGHTS, trial.network.state_dict())
    write_run(folder, done)
    (folder / STATE).unlink(missing_ok=True)
    return done
