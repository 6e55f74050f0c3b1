"""Errors of recognition.

RecognitionError
├─ AlphabetError          a text holds a character the alphabet lacks
├─ CheckpointError        weights, settings and alphabet do not belong together
├─ DeviceMemoryError      one line alone is more than the device's memory holds
├─ FramesNotFiniteError   the network answered a line with what are no probabilities
├─ FontError              a handwriting font cannot be fetched or unpacked
├─ LexiconError           the name list is missing, empty or not a list of names
├─ LineTooNarrowError     the line gives fewer frames than its text needs
├─ ManifestError          the sample list is empty, repeats itself or leaks writers
├─ StudyError             the study's data, budget or folder cannot be used; ``fault`` says why
├─ TrainingConfigError    the training settings hold faults; all are listed
└─ NonFiniteLossError     training met a loss that is NaN or infinite
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class RecognitionError(Exception):
    """The crop, the sample list or the checkpoint cannot be used as asked."""


class AlphabetError(RecognitionError):
    """A text holds a character the alphabet lacks, or the alphabet contradicts itself."""


class CheckpointError(RecognitionError):
    """Weights, settings and alphabet do not belong together, or the file is damaged."""


class DeviceMemoryError(RecognitionError):
    """One line alone is more than the device's memory holds."""

    def __init__(self, *, line: int, width_px: int, device: str) -> None:
        super().__init__(
            f"line {line}, {width_px} px wide, does not fit the memory of {device} even alone"
        )
        self.line = line
        self.width_px = width_px
        self.device = device


class FramesNotFiniteError(RecognitionError):
    """The network answered a line with NaN or infinity: there is no reading to be had of it."""

    def __init__(self, *, line: int, device: str) -> None:
        super().__init__(f"the network's answer to line {line} is not finite, on {device}")
        self.line = line
        self.device = device


class FontError(RecognitionError):
    """A handwriting font cannot be fetched or unpacked, or the list of fonts is empty."""


class LexiconError(RecognitionError):
    """The name list is missing, empty or not a list of names with counts."""


class LineTooNarrowError(RecognitionError):
    """The line gives fewer frames than its text needs: CTC has no path for it."""

    def __init__(self, *, line: int, frames: int, needed: int) -> None:
        super().__init__(f"line {line} gives {frames} frames, its text needs {needed}")
        self.line = line
        self.frames = frames
        self.needed = needed


class ManifestError(RecognitionError):
    """The sample list is missing, empty, repeats itself or leaks writers."""


class StudyFault(StrEnum):
    """Why a study ended before its report; docs/errors.md has each, so never rename a value."""

    DATA_MISSING = "study_data_missing"
    DATA_DAMAGED = "study_data_damaged"
    DATA_UNSAFE = "study_data_unsafe"  # a pickle that asks for more than data
    DATA_TOO_LITTLE = "study_data_too_little"
    NAMES_UNUSABLE = "study_names_unusable"  # a list of names, or a crop that it names
    BUDGET_TOO_SMALL = "study_budget_too_small"
    LOSS_NOT_FINITE = "study_loss_not_finite"
    FOLDER_TAKEN = "study_folder_taken"
    FOLDER_BUSY = "study_folder_busy"
    RUN_DAMAGED = "study_run_damaged"
    PLOTS_MISSING = "study_plots_missing"  # matplotlib is not installed


class StudyError(RecognitionError):
    """The study's data, budget or folder cannot be used; ``fault`` says why."""

    def __init__(self, fault: StudyFault, message: str) -> None:
        super().__init__(f"{fault}: {message}")
        self.fault = fault


class TrainingConfigError(RecognitionError):
    """The training settings hold faults; ``faults`` lists every one."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class NonFiniteLossError(RecognitionError):
    """Training met a loss that is NaN or infinite."""

    def __init__(self, *, step: int) -> None:
        super().__init__(f"the loss is not finite at step {step}")
        self.step = step
