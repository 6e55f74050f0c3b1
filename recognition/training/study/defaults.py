"""Budgets that a laptop keeps within minutes: small, equal for all, and said in every report."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from recognition.training.study.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What every contestant of a study may use."""

    parameters: int
    epochs: int
    batch: int
    learning_rate: float
    train_limit: int
    test_limit: int


BUDGETS: Mapping[Kind, Budget] = MappingProxyType(
    {
        Kind.MNIST: Budget(
            parameters=40_000, epochs=3, batch=64, learning_rate=3e-3,
            train_limit=8_000, test_limit=4_000,
        ),
        Kind.CIFAR10: Budget(
            parameters=40_000, epochs=3, batch=64, learning_rate=3e-3,
            train_limit=5_000, test_limit=2_000,
        ),
        Kind.NAMES: Budget(
            parameters=300_000, epochs=2, batch=16, learning_rate=2e-3,
            train_limit=9_000, test_limit=2_000,
        ),
    }
)  # fmt: skip
SHORT_LETTERS = 6  # names of so many characters at most are learned from
