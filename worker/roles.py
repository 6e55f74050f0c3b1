"""Who may do what: three roles, each of which may do all that the one below it may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


class Role(StrEnum):
    """What a person may do; stored, so never rename a value."""

    VIEWER = "viewer"  # look at results and batches
    REVIEWER = "reviewer"  # say what fields say, too
    ADMIN = "admin"  # everything

    def may_act_as(self, wanted: Role) -> bool:
        """Say whether this role holds the rights of the wanted one."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who works with penname: a colleague, never a person on a form."""

    user_id: UUID
    name: str  # what they log in as; stands beside their corrections
    role: Role
