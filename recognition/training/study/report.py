"""Write a study's report: Markdown for people, JSON for programs, PNGs beside them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from recognition.training.study import plots
from recognition.training.study.line_task import LineTask
from recognition.training.study.picture_task import PictureTask
from recognition.training.study.records import as_json, run_figures, write_whole
from recognition.training.study.runs import load_weights, run_folder, sized
from recognition.training.study.sampling import draw_items
from recognition.training.study.showcase import show_names
from recognition.training.study.standings import reaches, standings
from recognition.training.study.tables import (
    classes_table,
    confused_table,
    reach_table,
    settings_table,
    standing_table,
)
from recognition.training.study.types import counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from recognition.training.study.showcase import Shown
    from recognition.training.study.standings import Reach, Standing
    from recognition.training.study.types import Run, StudySettings

REPORT, FIGURES = "report.md", "report.json"
_SHOWN = 16  # test pictures in the grid
_LENGTHS = (2, 4, 6, 10)  # bounds beyond the longest name learned from, characters


def write_report(
    settings: StudySettings,
    task: PictureTask | LineTask,
    runs: Sequence[Run],
    made_with: Mapping[str, str],
) -> Path:
    """Take all runs together and write what they show; give the Markdown's path."""
    found = standings(runs)
    parts = [
        f"# Study: {settings.kind}",
        _introduction(),
        settings_table(settings, task.contestants, found, made_with),
        *(_class_parts(task) if isinstance(task, PictureTask) else ()),
        "## How well each reads",
        standing_table(found, measure=task.measure),
        *_plots(settings.out, found, measure=task.measure),
    ]
    rows: list[Reach] = []
    if isinstance(task, LineTask):
        short = settings.budget.short_letters
        rows = reaches(found, [short, *(short + more for more in _LENGTHS)])
        parts += _name_parts(settings, task, found, rows)
    else:
        parts += _picture_parts(settings, task)
    write_whole(settings.out / FIGURES, _figures(settings, task, found, rows, made_with))
    path = settings.out / REPORT
    write_whole(path, ("\n\n".join(parts) + "\n").encode())
    return path


def _introduction() -> str:
    return (
        "Every network below has the same budget of parameters, the same optimizer, and learned "
        "from the same items, each epoch in an order of the seed's own. "
        "Within a run nothing is chosen by the test set. Intervals cover 95 of 100 resamples over "
        "seeds and test items; few seeds make them, if anything, too narrow. Items a second are "
        "by CPU time of one thread."
    )


def _class_parts(task: PictureTask) -> list[str]:
    """Say how many pictures of each class were used, and which classes no network could know."""
    table = classes_table(task.learned_of, task.tested_of)
    if not task.left_out:
        return [table]
    left_out = ", ".join(f"{name} ({held})" for name, held in task.left_out.items())
    note = (
        f"**Left out: {left_out}.** In brackets, how many pictures to learn from the data hold: "
        f"too few for any network to know these classes. {len(task.tested.classes)} classes and "
        f"{len(task.tested.labels)} test pictures are left; all figures are theirs, and guessing "
        f"would be right in {max(task.tested_of.values()) / len(task.tested.labels):.2f} at best."
    )
    return [table, note]


def _plots(out: Path, found: Sequence[Standing], *, measure: str) -> list[str]:
    plots.draw_standings(out / "standings.png", found, measure=measure)
    plots.draw_curves(out / "curves.png", found, measure=measure)
    plots.draw_confusions(out / "confusions.png", found)
    return [
        "![Each contestant's figure with its interval](standings.png)",
        "## Learning curves",
        "Mean over seeds; the band is from the worst to the best of them.",
        "![Test figure and training loss against items learned from](curves.png)",
        "## What is taken for what",
        "All seeds together, as shares of each row.",
        "![Confusion matrices](confusions.png)",
        confused_table(found),
    ]


def _picture_parts(settings: StudySettings, task: PictureTask) -> list[str]:
    """Show some test pictures, as the first seed's networks see them."""
    networks = _networks(settings, task)
    classes = task.tested.classes
    order = draw_items(len(task.tested.labels), _SHOWN)
    plots.draw_pictures(
        settings.out / "predictions.png",
        task.tested.images[order],
        [classes[label] for label in task.tested.labels[order]],
        {
            name: [classes[label] for label in task.guess(network)[order]]
            for name, network in networks.items()
        },
    )
    return [
        "## Some test pictures",
        f"Drawn at random; read by the networks of seed {settings.seeds[0]}.",
        "![Test pictures with truth and guesses](predictions.png)",
    ]


def _name_parts(
    settings: StudySettings, task: LineTask, found: Sequence[Standing], rows: Sequence[Reach]
) -> list[str]:
    """Show how far each reads beyond what it learned, and drawn names with their posteriors."""
    out = settings.out
    plots.draw_reaches(out / "lengths.png", rows, short_letters=settings.budget.short_letters)
    shown = show_names(_networks(settings, task), task.alphabet)
    learned = (
        f"Learned from: names of at most {settings.budget.short_letters} characters. Longer ones "
        "were never seen in training."
    )
    parts = [
        "## Longer than learned",
        learned,
        "![Exact match and character error rate by length](lengths.png)",
        reach_table(rows),
    ]
    return [*parts, *_shown_parts(settings, shown, [s.name for s in found])] if shown else parts


def _shown_parts(
    settings: StudySettings, shown: Sequence[Shown], names: Sequence[str]
) -> list[str]:
    """Show drawn names, and what networks with CTC see in a short and in a long one."""
    out, short_letters = settings.out, settings.budget.short_letters
    plots.draw_readings(out / "predictions.png", shown, names)
    about = (
        "Drawn in fonts, since real names are personal data; no network learned from fonts. Read "
        f"by those of seed {settings.seeds[0]}."
    )
    parts = [
        "## Some drawn names",
        about,
        "![Drawn names with truth and readings](predictions.png)",
        "## What the networks with CTC see",
    ]
    short = [s for s in shown if len(s.text) <= short_letters]
    longer = [s for s in shown if len(s.text) > short_letters]
    for kind, some in (("short", short), ("long", longer)):
        for one in some[1:2]:
            file = f"posteriors-{kind}.png"
            plots.draw_posteriors(out / file, one)
            parts.append(f"![Posteriors, column by column, over a {kind} name]({file})")
    return parts


def _networks(settings: StudySettings, task: PictureTask | LineTask) -> dict[str, nn.Module]:
    """Load every contestant's network of the first seed."""
    return {
        one.name: load_weights(
            run_folder(settings.out, one, settings.seeds[0]), sized(one, settings.budget.parameters)
        )
        for one in task.contestants
    }


def _figures(
    settings: StudySettings,
    task: PictureTask | LineTask,
    found: Sequence[Standing],
    rows: Sequence[Reach],
    made_with: Mapping[str, str],
) -> bytes:
    about = {one.name: one.about for one in task.contestants}
    figures = {
        "settings": {**counts(settings), "seeds": settings.seeds, "data_sha256": task.checksum},
        "made_with": dict(made_with),
        "contestants": [
            {
                "name": s.name,
                "about": about[s.name],
                "parameters": s.parameters,
                "exact": asdict(s.exact),
                "error_rate": asdict(s.error_rate),
                "lead_over_crnn": None if s.lead is None else asdict(s.lead),
                "train_per_s": s.train_per_s,
                "read_per_s": s.read_per_s,
                "confusion": s.confusion.tolist(),
                "runs": [run_figures(run) for run in s.runs],
            }
            for s in found
        ],
        "labels": list(found[0].runs[0].outcome.labels),
        "test_items": len(found[0].runs[0].outcome.edits),
        **(_class_figures(task) if isinstance(task, PictureTask) else {}),
        "by_length": [asdict(row) for row in rows],
    }
    return as_json(figures)


def _class_figures(task: PictureTask) -> dict[str, object]:
    """Give how many pictures each class has: learned from, tested on, and left out."""
    return {
        "learned_of": task.learned_of,
        "tested_of": task.tested_of,
        "left_out": task.left_out,
    }
