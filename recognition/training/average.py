"""Average the weights of a network before and after it learned on.

``python -m recognition.training.average BEFORE AFTER OUT [--share 0.6]``

A network that learned on from another's weights stays so near them that the mean of both reads,
often better than either, since what each learned last by chance cancels out (Wortsman et al. 2022,
arXiv:2203.05482). ``share`` is that of AFTER. The confidence is neither's: fit it with
``recognition.training.calibrate``, and choose the share on crops that judge nothing else.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from recognition.checkpoint import load_checkpoint, save_checkpoint
from recognition.errors import CheckpointError, RecognitionError
from recognition.training.exit_codes import tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.checkpoint import Checkpoint

_NOT_OF_BOTH = ("metrics", "calibrators")  # of the record of AFTER


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the average of two checkpoints; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recognition.training.average")
    parser.add_argument("before", type=Path, help="the checkpoint that the other started from")
    parser.add_argument("after", type=Path)
    parser.add_argument("out", type=Path, help="where the average is written")
    parser.add_argument("--share", type=_share, default=0.6, help="of AFTER, between 0 and 1")
    options = parser.parse_args(arguments)
    try:
        model_id = average(options.before, options.after, options.out, share=options.share)
    except RecognitionError as error:
        return tell(error)
    sys.stdout.write(f"{options.out}: model {model_id}\n")
    return 0


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("want a share between 0 and 1")
    return share


def average(before: Path, after: Path, out: Path, *, share: float) -> str:
    """Write the average of two checkpoints of one network.

    Args:
        before: a checkpoint.
        after: another, whose training record the average keeps.
        out: where it is written, whole or not at all.
        share: of ``after``, in [0, 1].

    Returns:
        The average's model id.

    Raises:
        CheckpointError: one cannot be read, or they are of two networks.
    """
    first, second = load_checkpoint(before), load_checkpoint(after)
    if first.config != second.config:
        raise CheckpointError(f"{before.name} and {after.name} hold two networks of other sizes")
    own = first.model.state_dict()
    with torch.no_grad():
        for name, weights in second.model.state_dict().items():
            if weights.is_floating_point():
                weights.copy_(torch.lerp(own[name], weights, share))
    return save_checkpoint(out, second.model, second.config, _record(first, second, share))


def _record(first: Checkpoint, second: Checkpoint, share: float) -> dict[str, Any]:
    kept = {name: value for name, value in second.record.items() if name not in _NOT_OF_BOTH}
    return {**kept, "average": {"of": [first.model_id, second.model_id], "share": share}}


if __name__ == "__main__":
    sys.exit(main())
