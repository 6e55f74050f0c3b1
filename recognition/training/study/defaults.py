"""Budgets that a laptop keeps within minutes: small, equal for all, and said in every report."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from recognition.training.study.types import Budget, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


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
