"""Join the pieces of straight lines that scanning and handwriting broke."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentParams:
    """When pieces are one line, and when that is long enough; millimetres."""

    min_length_mm: float
    max_gap_mm: float = 2.0  # where a stroke or the scanner has broken the line
    max_step_mm: float = 0.5  # how far the next piece may lie off: pages are level to 0.1 degrees


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A straight line along an image axis: across, or down where its holder says so; px."""

    at: float  # its middle, across its run
    start: int  # first px along its run
    end: int  # one past the last
    thickness: float

    @property
    def length(self) -> int:
        """How far it runs."""
        return self.end - self.start

    @property
    def edges(self) -> tuple[int, int]:
        """First px across its run, and one past the last."""
        low = round(self.at - (self.thickness - 1) / 2)
        return low, low + max(1, round(self.thickness))


def link(pieces: list[Segment], params: SegmentParams, *, mm: float) -> list[Segment]:
    """Join pieces end to end, and keep the lines that are long enough.

    Args:
        pieces: in any order.
        params: what is joined and kept.
        mm: px of a millimetre.
    """
    chains: list[list[Segment]] = []
    for piece in sorted(pieces, key=lambda s: s.start):
        chain = next((c for c in reversed(chains) if _goes_on(c[-1], piece, params, mm)), None)
        if chain is None:
            chains.append([piece])
        else:
            chain.append(piece)
    lines = [_joined(chain) for chain in chains]
    return [line for line in lines if line.length >= params.min_length_mm * mm]


def _goes_on(last: Segment, piece: Segment, params: SegmentParams, mm: float) -> bool:
    slack = max(params.max_step_mm * mm, (last.thickness + piece.thickness) / 2)
    near = piece.start - last.end <= params.max_gap_mm * mm and piece.end > last.end
    return near and abs(piece.at - last.at) <= slack


def _joined(chain: list[Segment]) -> Segment:
    length = sum(s.length for s in chain)
    return Segment(
        at=sum(s.at * s.length for s in chain) / length,
        start=chain[0].start,
        end=max(s.end for s in chain),
        thickness=sum(s.thickness * s.length for s in chain) / length,
    )
