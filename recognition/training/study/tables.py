"""Write a study's tables as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recognition.training.study.contestants import Contestant
    from recognition.training.study.intervals import Interval
    from recognition.training.study.standings import Reach, Standing
    from recognition.training.study.types import StudySettings

_MOST_CONFUSED = 3  # pairs named for each contestant


def settings_table(
    settings: StudySettings,
    contestants: Sequence[Contestant],
    found: Sequence[Standing],
    made_with: Mapping[str, str],
) -> str:
    """List who takes part, and the budget that all share."""
    run, budget = found[0].runs[0], settings.budget
    rows = [
        ("parameters, at most", f"{budget.parameters:,}"),
        ("items learned from", f"{run.curve[-1].items // budget.epochs:,}"),
        ("epochs", str(budget.epochs)),
        ("batch", str(budget.batch)),
        ("optimizer", f"AdamW, {budget.learning_rate:g} at most, warm-up then half a cosine"),
        ("seeds", ", ".join(map(str, settings.seeds))),
        ("test items", f"{len(run.outcome.edits):,}"),
        ("made with", ", ".join(f"{name} {version}" for name, version in made_with.items())),
    ]
    who = [(one.name, one.about) for one in contestants]
    return "\n\n".join([_table(("contestant", "what it is"), who), _table(("budget", ""), rows)])


def classes_table(learned_of: Mapping[str, int], tested_of: Mapping[str, int]) -> str:
    """Write how many pictures of each class were learned from and tested on."""
    counted = [(name, f"{held:,}", f"{tested_of[name]:,}") for name, held in learned_of.items()]
    return _table(("class", "learned from", "tested on"), counted)


def standing_table(found: Sequence[Standing], *, measure: str) -> str:
    """Write one line a contestant."""
    texts = measure == "exact match"
    head = ("contestant", "parameters", measure, "each seed", *(("CER",) if texts else ()),
            "against the CRNN, points", "learns /s", "reads /s")  # fmt: skip
    return _table(
        head,
        [
            (
                s.name,
                f"{s.parameters:,}",
                _interval(s.exact),
                " ".join(f"{run.outcome.exact:.3f}" for run in s.runs),
                *((_interval(s.error_rate),) if texts else ()),
                "" if s.lead is None else _points(s.lead),
                f"{s.train_per_s:,.0f}",
                f"{s.read_per_s:,.0f}",
            )
            for s in found
        ],
    )


def reach_table(rows: Sequence[Reach]) -> str:
    """Write one line a length, one column a contestant: exact match and CER."""
    names = list(dict.fromkeys(row.name for row in rows))
    by_length: dict[tuple[int, int], dict[str, Reach]] = {}
    for row in rows:
        by_length.setdefault((row.shortest, row.longest), {})[row.name] = row
    head = ("characters", "names", *(f"{name}: exact, CER" for name in names))
    return _table(
        head,
        [
            (
                str(low) if low == high else f"{low}–{high}",  # noqa: RUF001, a range takes a dash
                str(next(iter(own.values())).items),
                *(f"{own[n].exact.value:.3f}, {own[n].error_rate.value:.3f}" for n in names),
            )
            for (low, high), own in by_length.items()
        ],
    )


def confused_table(found: Sequence[Standing]) -> str:
    """Name the pairs that each contestant confuses most often."""
    labels = found[0].runs[0].outcome.labels
    rows: list[tuple[str, str]] = []
    for standing in found:
        wrong = standing.confusion.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(wrong, axis=None)[::-1][:_MOST_CONFUSED]
        places = [divmod(int(flat), len(labels)) for flat in order]
        pairs = [f"{labels[i]} as {labels[j]} ({wrong[i, j]})" for i, j in places if wrong[i, j]]
        rows.append((standing.name, ", ".join(pairs) or "none"))
    return _table(("contestant", "read wrongly most often (times, all seeds)"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    # A sign that was read may be a bar, which would end its cell.
    plain = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in plain)


def _interval(found: Interval) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _points(found: Interval) -> str:
    return f"{100 * found.value:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"
