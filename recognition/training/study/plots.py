"""Draw a study's plots as small PNGs; the one place that knows matplotlib.

Figures are made without pyplot, so nothing is shared between them and no window is asked for.
"""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from recognition.alphabet import BLANK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from matplotlib.axes import Axes

    from recognition.training.study.showcase import Posterior, Shown
    from recognition.training.study.standings import Reach, Standing

_DPI = 80  # small files; the text is still read with ease
_MOST_CLASSES = 12  # a confusion of more is drawn without its counts


def draw_standings(path: Path, found: Sequence[Standing], *, measure: str) -> None:
    """Draw each contestant's interval and the figure of each of its seeds."""
    figure = Figure(figsize=(7, 0.45 * len(found) + 1.1), layout="constrained")
    axes = figure.subplots()
    for row, standing in enumerate(found):
        exact = standing.exact
        axes.plot([exact.low, exact.high], [row, row], color="#4477aa", linewidth=5, alpha=0.4)
        axes.plot(exact.value, row, "o", color="#4477aa")
        seeds = [run.outcome.exact for run in standing.runs]
        axes.plot(seeds, [row] * len(seeds), "|", color="black", markersize=9)
    axes.set_yticks(range(len(found)), [standing.name for standing in found])
    axes.invert_yaxis()
    axes.set_xlabel(f"{measure}: mean, 95 % interval, each seed")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, dpi=_DPI)


def draw_curves(path: Path, found: Sequence[Standing], *, measure: str) -> None:
    """Draw how loss and test figure went: mean over seeds, and their spread."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for standing in found:
        items = [point.items for point in standing.runs[0].curve]
        for axes, kind in ((left, "exact"), (right, "loss")):
            values = np.array([[getattr(p, kind) for p in run.curve] for run in standing.runs])
            (line,) = axes.plot(items, values.mean(axis=0), marker=".", label=standing.name)
            axes.fill_between(
                items, values.min(axis=0), values.max(axis=0), alpha=0.2, color=line.get_color()
            )
    left.set_ylabel(f"{measure}, test set")
    right.set_ylabel("loss in training")
    left.legend(fontsize=8)
    for axes in (left, right):
        axes.set_xlabel("items learned from, repeats counted")
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=_DPI)


def draw_confusions(path: Path, found: Sequence[Standing]) -> None:
    """Draw what was taken for what, all seeds together: shares of each row's truth."""
    across = min(3, len(found))
    down = -(-len(found) // across)
    figure = Figure(figsize=(3.6 * across, 3.6 * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[len(found) :]:
        axes.set_axis_off()
    for axes, standing in zip(grid.flat, found, strict=False):
        labels = standing.runs[0].outcome.labels
        counts = standing.confusion
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_title(standing.name, fontsize=9)
        size = 8 if len(labels) <= _MOST_CLASSES else 5
        axes.set_xticks(range(len(labels)), labels, fontsize=size, rotation=90)
        axes.set_yticks(range(len(labels)), labels, fontsize=size)
        if len(labels) <= _MOST_CLASSES:
            _write_shares(axes, shares)
    figure.supxlabel("read as", fontsize=9)
    figure.supylabel("truth", fontsize=9)
    figure.savefig(path, dpi=_DPI)


def _write_shares(axes: Axes, shares: npt.NDArray[np.float64]) -> None:
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            colour = "white" if share > 0.5 else "black"
            text = f"{100 * share:.0f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=6, color=colour)


def draw_pictures(
    path: Path,
    images: npt.NDArray[np.uint8],
    truths: Sequence[str],
    guesses: Mapping[str, Sequence[str]],
) -> None:
    """Draw test pictures (N, H, W, channels), each with its truth and every guess beneath."""
    across = min(8, len(images))
    down = -(-len(images) // across)
    letters = ascii_lowercase[: len(guesses)]
    beneath = 0.16 * len(guesses)
    figure = Figure(figsize=(1.25 * across, (1.35 + beneath) * down + 0.3), layout="constrained")
    grid = figure.subplots(2 * down, across, squeeze=False, height_ratios=[1.2, beneath] * down)
    for axes in grid.flat:
        axes.set_axis_off()
    for index, image in enumerate(images):
        picture, texts = grid[2 * (index // across) :, index % across][:2]
        picture.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
        picture.set_title(truths[index], fontsize=8, pad=2)
        for row, (letter, said) in enumerate(zip(letters, guesses.values(), strict=True)):
            colour = "#228833" if said[index] == truths[index] else "#cc3311"
            place = (0.5, 1 - (row + 0.5) / len(guesses))
            texts.text(*place, f"{letter}: {said[index]}", transform=texts.transAxes, fontsize=7,
                       color=colour, ha="center", va="center")  # fmt: skip
    numbered = ",  ".join(f"{letter} {name}" for letter, name in zip(letters, guesses, strict=True))
    figure.supxlabel(f"truth above; beneath: {numbered}", fontsize=8)
    figure.savefig(path, dpi=_DPI)


def draw_readings(path: Path, shown: Sequence[Shown], names: Sequence[str]) -> None:
    """Draw names, each with its truth and what every contestant read."""
    across = 2
    down = -(-len(shown) // across)
    figure = Figure(figsize=(10, 1.25 * down), layout="constrained")
    grid = figure.subplots(down, 2 * across, squeeze=False, width_ratios=[3, 2] * across)
    for axes in grid.flat:
        axes.set_axis_off()
    for index, one in enumerate(shown):
        picture, texts = grid[index // across, 2 * (index % across) :][:2]
        picture.imshow(255 - one.image, cmap="gray", vmin=0, vmax=255)
        texts.text(0, 0.95, one.text, fontsize=9, va="top", transform=texts.transAxes)
        for row, (name, read) in enumerate(zip(names, one.readings, strict=True)):
            colour = "#228833" if read == one.text else "#cc3311"
            texts.text(0, 0.66 - 0.27 * row, f"{read or '(nothing)'}   {name}", fontsize=7,
                       va="top", color=colour, transform=texts.transAxes)  # fmt: skip
    figure.savefig(path, dpi=_DPI)


def draw_posteriors(path: Path, shown: Shown) -> None:
    """Draw a name, and beneath each column what a network with CTC takes it for."""
    figure = Figure(figsize=(9, 1.2 + 1.8 * len(shown.posteriors)), layout="constrained")
    ratios = [0.6, *[1.0] * len(shown.posteriors)]
    top, *others = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
    top.imshow(255 - shown.image, cmap="gray", vmin=0, vmax=255, aspect="auto")
    top.set_yticks([])
    top.set_title(f"{shown.text}, as the networks see it", fontsize=9)
    for axes, posterior in zip(others, shown.posteriors, strict=True):
        _draw_frames(axes, posterior)
    others[-1].set_xlabel("column, px")
    others[-1].set_xlim(0, shown.image.shape[1])
    figure.savefig(path, dpi=_DPI)


def _draw_frames(axes: Axes, posterior: Posterior) -> None:
    """Draw the probability of the blank, and of each label that is likeliest somewhere."""
    values = posterior.probabilities
    at = (np.arange(len(values)) + 0.5) * posterior.frame_px
    axes.plot(at, values[:, BLANK], color="0.75", linewidth=1, label="blank")
    best = values.argmax(axis=1)
    for label in sorted(set(best.tolist()) - {BLANK}):
        (line,) = axes.plot(at, values[:, label], linewidth=1.3)
        for stretch in _stretches(np.flatnonzero(best == label)):
            peak = int(stretch[values[stretch, label].argmax()])
            axes.text(at[peak], values[peak, label], posterior.characters[label - 1],
                      color=line.get_color(), fontsize=9, ha="center", va="bottom")  # fmt: skip
    axes.set_ylim(0, 1.2)
    axes.set_ylabel("probability", fontsize=8)
    axes.set_title(f"{posterior.name} reads {posterior.text or '(nothing)'}", fontsize=9)


def _stretches(frames: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """Part frames where they do not follow each other."""
    return np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)


def draw_reaches(path: Path, rows: Sequence[Reach], *, short_letters: int) -> None:
    """Draw how texts were read by their length."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    grid = figure.subplots(1, 2)
    for name in dict.fromkeys(row.name for row in rows):
        own = [row for row in rows if row.name == name]
        at = [(row.shortest + row.longest) / 2 for row in own]
        for axes, kind in zip(grid, ("exact", "error_rate"), strict=True):
            found = [getattr(row, kind) for row in own]
            reach = [[f.value - f.low for f in found], [f.high - f.value for f in found]]
            values = [f.value for f in found]
            axes.errorbar(at, values, yerr=np.maximum(reach, 0), marker="o", capsize=3, label=name)
    for axes, label in zip(grid, ("exact match", "character error rate"), strict=True):
        axes.axvspan(0, short_letters + 0.5, color="0.9")
        axes.set_xlim(left=2)
        axes.set_xlabel("characters of the name; grey: lengths learned from")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    grid[0].legend(fontsize=8)
    figure.savefig(path, dpi=_DPI)
