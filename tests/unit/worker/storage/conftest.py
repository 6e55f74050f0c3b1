"""A folder that modes protect."""

from __future__ import annotations

from tests.ordinary_user import folder_without_root

__all__ = ["folder_without_root"]
