"""What a run holds: network, average, optimiser, and how far it is; one step of learning.

A batch is learned in parts side by side, one thread each, on replicas that share the weights:
on a CPU that scales better than splitting every single operation. State is saved whole or
not at all, and loaded again by whoever starts the run anew.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import torch

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.batching import pad_lines
from recognition.checkpoint import load_checkpoint
from recognition.errors import NonFiniteLossError, TrainingConfigError
from recognition.model import Crnn
from recognition.training.objective import accent_folding, line_losses, surprise_of_any
from recognition.training.steps import learning_pace, save_state, take_step
from recognition.types import ModelConfig

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from recognition.training.config import TrainingConfig
    from recognition.training.dataset import TrainingLine

STATE = "state.pt"


class Learner:
    """One run's network, its average, its optimiser and how far it is."""

    def __init__(self, config: TrainingConfig) -> None:
        """Start afresh, or go on from the state in ``config.out``.

        Raises:
            TrainingConfigError: the state there, or the checkpoint to start from, is of
                another network.
            CheckpointError: the checkpoint to start from cannot be read.
        """
        torch.manual_seed(config.seed)
        self.config = config
        self.alphabet = Alphabet(NAME_ALPHABET)
        self.model_config = ModelConfig.from_plain(
            dict(alphabet=NAME_ALPHABET, **config.model)  # the alphabet is no setting of a run
        )
        self.model = Crnn(self.model_config)
        self.start_model_id = None if config.start is None else self._start_from(config.start)
        self.replicas = [self.model, *(_twin(self.model) for _ in range(config.threads - 1))]
        self.pool = ThreadPoolExecutor(config.threads)
        self.average = copy.deepcopy(self.model).eval()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.folding = accent_folding(self.alphabet)
        self.step = 0
        self.lines = 0
        self.seconds = 0.0  # since the first start, less the time between starts
        self.best = math.inf
        if (config.out / STATE).is_file():
            self._load(config.out / STATE)

    def learn(self, lines: list[TrainingLine]) -> float:
        """Take one step on a batch.

        Returns:
            The mean loss a character.

        Raises:
            NonFiniteLossError: the loss is NaN or infinite.
        """
        config = self.config
        pace = learning_pace(self.done(), config.warmup_share, cosine=config.cosine)
        parts = [p for i in range(config.threads) if (p := lines[i :: config.threads])]
        losses = list(
            self.pool.map(self._backward, self.replicas, parts, [len(lines)] * len(parts))
        )
        self._gather_gradients()
        rate = config.learning_rate * pace
        take_step(self.model, self.optimizer, rate=rate, clip_norm=config.clip_norm)
        self.step += 1
        self.lines += len(lines)
        self._follow()
        return sum(losses) / len(lines)

    def done(self) -> float:
        """Give the share of the run that is over, by steps or by time."""
        by_time = self.seconds / self.config.budget_s if self.config.budget_s else 0.0
        return max(self.step / self.config.steps, by_time)

    def _backward(self, replica: Crnn, lines: list[TrainingLine], count: int) -> float:
        """Find the gradients of one part of a batch of ``count`` lines, in a thread of its own.

        Returns:
            The sum over the part's lines of their losses a character.
        """
        torch.set_num_threads(1)  # of this thread: two halves of a batch scale better than one
        replica.train().zero_grad(set_to_none=True)
        log_probs = replica(pad_lines([line.image for line in lines]))
        losses = line_losses(log_probs, lines, self.alphabet, self.folding)
        if not bool(torch.isfinite(losses).all()):
            raise NonFiniteLossError(step=self.step)
        # By the character: else the longest lines would do most of the teaching.
        each = losses / torch.tensor([max(1, len(line.text)) for line in lines])
        trusted = self._trusted(each.detach())
        if (doubt := self.config.label_smoothing) > 0:
            each = (1 - doubt) * each + doubt * surprise_of_any(log_probs)
        (each * trusted).sum().div(count).backward()  # type: ignore[no-untyped-call] # torch's own
        return float(each.detach().sum())

    def _gather_gradients(self) -> None:
        """Add the parts' gradients; a replica without a part this time has none."""
        for own, *others in zip(*(r.parameters() for r in self.replicas), strict=True):
            for other in others:
                if own.grad is not None and other.grad is not None:
                    own.grad += other.grad
                    other.grad = None

    def _trusted(self, losses: Tensor) -> Tensor:
        """Give 0 for lines so wrong, where most are right, that the label must be; else 1."""
        if float(losses.median()) > self.config.doubt_loss / 3:
            return torch.ones_like(losses)
        return (losses <= self.config.doubt_loss).to(losses.dtype)

    def _follow(self) -> None:
        """Let the average follow the weights, quickly at first."""
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(
                self.average.state_dict().values(), self.model.state_dict().values(), strict=True
            ):
                if kept.is_floating_point():
                    kept.lerp_(new, 1 - decay)
                else:
                    kept.copy_(new)

    def save(self) -> None:
        """Save the state whole or not at all."""
        save_state(
            self.config.out / STATE,
            {
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "lines": self.lines,
                "seconds": self.seconds,
                "best": self.best,
            },
        )

    def _start_from(self, path: Path) -> str:
        """Take over the weights of a checkpoint; everything else begins anew.

        Added layers that the checkpoint lacks change nothing at first, so the run begins where
        the checkpoint ended.

        Returns:
            The checkpoint's model id.
        """
        checkpoint = load_checkpoint(path)
        if not _is_part(checkpoint.config, self.model_config):
            raise TrainingConfigError([f"start: {path.name} holds another network than the run's"])
        self.model.load_state_dict(checkpoint.model.state_dict(), strict=False)
        return checkpoint.model_id

    def _load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        try:
            self.model.load_state_dict(state["model"])
        except RuntimeError as error:
            fault = f"model: not that of the run in {path.parent}"
            raise TrainingConfigError([fault]) from error
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.lines, self.best = state["step"], state["lines"], state["best"]
        self.seconds = state["seconds"]


def _is_part(smaller: ModelConfig, larger: ModelConfig) -> bool:
    """Say whether one network is the other, less added layers at most; dropout has no weights."""
    alike = dataclasses.replace(
        larger,
        more_convs=smaller.more_convs,
        more_rnn_layers=smaller.more_rnn_layers,
        dropout=smaller.dropout,
    )
    fewer = all(a <= b for a, b in zip(smaller.more_convs, larger.more_convs, strict=True))
    return alike == smaller and fewer and smaller.more_rnn_layers <= larger.more_rnn_layers


def _twin(model: Crnn) -> Crnn:
    """Make a replica that shares the weights, not their gradients."""
    twin = copy.deepcopy(model)
    for own, shared in zip(twin.parameters(), model.parameters(), strict=True):
        own.data = shared.data
    return twin
