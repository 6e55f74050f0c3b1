"""Look a live deployment over for the traps that are known, each finding with its fix."""

from __future__ import annotations

from worker.doctor.checks import check_all
from worker.doctor.findings import DoctorCode, Finding, Level

__all__ = ["DoctorCode", "Finding", "Level", "check_all"]
