"""Shortlist the forms that a page may be, in time that hardly grows with their number.

Descriptors of all forms lie in hash tables keyed by a few of their bits, so a descriptor of the
page meets only those that are like it there; those near enough vote for their form. Which form
it is, if any, is for registration to say: a shortlist only saves trying all of them.

Source: locality-sensitive hashing by sampled bits, Gionis, Indyk and Motwani 1999.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.matching import Descriptors, Features

_Ints = npt.NDArray[np.intp]
_Words = npt.NDArray[np.uint64]  # (N, words), descriptors as bits


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortlistParams:
    """How descriptors are looked up and how many forms are tried."""

    tables: int = 8
    key_bits: int = 16
    max_bucket: int = 200  # fuller buckets hold print that every form has, and say nothing
    max_differing: float = 0.28  # share of the bits; chance descriptors differ in half of them
    sharpness: float = 0.08  # a vote falls to a third over this share of differing bits
    forms: int = 8  # that are tried at each way of matching
    rival_votes: float = 0.6  # share of the best form's votes with which others are tried as well


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Table:
    """One hash table: entries in the order of their keys."""

    bits: _Ints  # (key_bits,), which bits make the key
    entries: _Ints  # (N,)
    starts: _Ints  # (2 ** key_bits + 1,), where each key's entries begin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lookup:
    """The descriptors of all forms, found by ways of matching of one kind."""

    threshold: npt.NDArray[np.uint8] | None  # (d,), makes bits of bins; None where bits they are
    params: ShortlistParams
    words: _Words  # (N, words)
    owner: _Ints  # (N,), number of the form
    forms: int
    tables: tuple[_Table, ...]


def index_features(
    features: Sequence[Features], *, binary: bool, params: ShortlistParams
) -> Lookup:
    """Index the keypoints of all forms, in the order of the forms.

    Args:
        features: of each form.
        binary: descriptors are bits already, as ORB's are; else bins, cut at their medians.
        params: how they are looked up.
    """
    if len(features) <= params.forms:  # all are tried on every page, so none is ever looked up
        return Lookup(
            threshold=None,
            params=params,
            words=np.empty((0, 1), np.uint64),
            owner=np.empty(0, np.intp),
            forms=len(features),
            tables=(),
        )
    filled = [f.descriptors for f in features if len(f.points)]
    width = filled[0].shape[1] if filled else 128  # no keypoint: never met
    stacked = np.vstack([*filled, np.empty((0, width), np.uint8)])
    owner = np.repeat(np.arange(len(features)), [len(f.points) for f in features])
    threshold = None
    if not binary:
        middle = np.median(stacked, axis=0) if len(stacked) else np.zeros(width)
        threshold = middle.astype(np.uint8)
    bits = _bits(stacked, threshold)
    rng = np.random.default_rng(0)  # which bits are sampled must not differ between runs
    telling = np.argsort(np.abs(bits.mean(axis=0) - 0.5) if len(bits) else np.zeros(bits.shape[1]))
    telling = telling[: bits.shape[1] * 3 // 4]  # bits that are nearly always the same tell nothing
    tables = tuple(
        _table(bits, rng.choice(telling, params.key_bits, replace=False))
        for _ in range(params.tables)
    )
    return Lookup(
        threshold=threshold,
        params=params,
        words=_words(bits),
        owner=owner,
        forms=len(features),
        tables=tables,
    )


def shortlist(features: Features, lookup: Lookup) -> list[int]:
    """Give the numbers of the forms to try, the likeliest first."""
    params = lookup.params
    if lookup.forms <= params.forms:
        return list(range(lookup.forms))
    votes = _votes(features.descriptors, lookup)
    order = np.argsort(-votes, kind="stable")
    tried = max(params.forms, int((votes >= params.rival_votes * votes[order[0]]).sum()))
    return [int(number) for number in order[: min(tried, 2 * params.forms)]]


def _votes(descriptors: Descriptors, lookup: Lookup) -> npt.NDArray[np.float64]:
    """Give each form's votes, (forms,): for every keypoint of the page, its nearest there."""
    params = lookup.params
    count = len(descriptors)
    if count == 0 or len(lookup.words) == 0:
        return np.zeros(lookup.forms)
    best = np.zeros(count * lookup.forms)
    bits = _bits(descriptors, lookup.threshold)
    words = _words(bits)
    for table in lookup.tables:
        ours, theirs = _met(bits, table, params.max_bucket)
        differing = np.bitwise_count(words[ours] ^ lookup.words[theirs]).sum(axis=1, dtype=np.int64)
        share = differing / bits.shape[1]
        near = share <= params.max_differing
        place = ours[near] * lookup.forms + lookup.owner[theirs[near]]
        np.maximum.at(best, place, np.exp(-share[near] / params.sharpness))
    return np.asarray(best.reshape(-1, lookup.forms).sum(axis=0), np.float64)


def _met(bits: npt.NDArray[np.bool_], table: _Table, max_bucket: int) -> tuple[_Ints, _Ints]:
    """Pair descriptors (by number) with the entries that share their key in a table."""
    keys = _keys(bits, table.bits)
    first, counts = table.starts[keys], table.starts[keys + 1] - table.starts[keys]
    counts = np.where(counts > max_bucket, 0, counts)
    ours = np.repeat(np.arange(len(keys)), counts)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return ours, table.entries[np.arange(len(ours)) + np.repeat(first - before, counts)]


def _table(bits: npt.NDArray[np.bool_], chosen: _Ints) -> _Table:
    keys = _keys(bits, chosen)
    entries = np.argsort(keys, kind="stable")
    starts = np.searchsorted(keys[entries], np.arange(2 ** len(chosen) + 1))
    return _Table(bits=chosen, entries=entries, starts=starts)


def _keys(bits: npt.NDArray[np.bool_], chosen: _Ints) -> _Ints:
    return np.asarray(bits[:, chosen] @ (1 << np.arange(len(chosen))), np.intp)


def _bits(
    descriptors: Descriptors, threshold: npt.NDArray[np.uint8] | None
) -> npt.NDArray[np.bool_]:
    if threshold is None:
        return np.unpackbits(descriptors, axis=1).astype(bool)
    return np.asarray(descriptors > threshold, bool)


def _words(bits: npt.NDArray[np.bool_]) -> _Words:
    """Pack (N, bits) into (N, bits / 64) words, of which differing bits are counted fast."""
    packed = np.packbits(bits, axis=1) if len(bits) else np.empty((0, bits.shape[1] // 8), np.uint8)
    return np.ascontiguousarray(packed).view(np.uint64)
