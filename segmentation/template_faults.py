"""Collect the faults of a template file, each with the line it stands on.

TOML parsers keep no line numbers, so a key's line is looked up in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation.errors import TemplateError, TemplateFault

if TYPE_CHECKING:
    import tomllib
    from collections.abc import Collection, Mapping


@dataclass(slots=True)
class FaultReport:
    """The faults found so far, and where keys stand in the file."""

    lines: tuple[str, ...]
    faults: list[TemplateFault] = field(default_factory=list)

    def add(self, key: str | None, block: int | None, message: str, fix: str) -> None:
        """Note a fault of a key in the head (block None) or in the n-th ``[[fields]]``."""
        self.faults.append(TemplateFault(self._line_of(key, block), message, fix))

    def unknown_keys(
        self, table: Mapping[str, object], known: Collection[str], *, block: int | None
    ) -> None:
        """Note every key of a table that is not known."""
        for key in table:
            if key not in known:
                self.add(key, block, f"unknown key {key!r}", f"use one of {', '.join(known)}")

    def raise_if_any(self) -> None:
        """Raise all faults at once, in the order of their lines."""
        if self.faults:
            raise TemplateError(tuple(sorted(self.faults, key=lambda f: f.line)))

    def _line_of(self, key: str | None, block: int | None) -> int:
        """Find a key's line, from 1, in the head (block None) or the n-th ``[[fields]]``."""
        heads = [
            i for i, line in enumerate(self.lines) if re.match(r"\s*\[\[\s*fields\s*\]\]", line)
        ]
        if block is None:
            start, end = 0, heads[0] if heads else len(self.lines)
        elif block < len(heads):
            start = heads[block]
            end = heads[block + 1] if block + 1 < len(heads) else len(self.lines)
        else:
            return 0  # fields written as an inline array
        if key is not None:
            pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
            for i in range(start, end):
                if pattern.match(self.lines[i]):
                    return i + 1
        return start + 1


def syntax_fault(error: tomllib.TOMLDecodeError) -> TemplateFault:
    """Say where a text stops being TOML."""
    at = re.search(r"line (\d+)", str(error))
    return TemplateFault(
        int(at.group(1)) if at else 0,
        f"not valid TOML: {error}",
        "write key = value lines; text goes in double quotes",
    )
