"""``python -m recognition.training run.toml``: train, or go on with a run that was stopped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recognition.errors import RecognitionError
from recognition.training.config import load_config
from recognition.training.exit_codes import tell
from recognition.training.train import train


def main(arguments: list[str] | None = None) -> int:
    """Run the training that a TOML file describes; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recognition.training", description=__doc__)
    parser.add_argument("config", type=Path, help="settings of the run, as TOML")
    path = parser.parse_args(arguments).config
    try:
        record = train(load_config(path))
    except RecognitionError as error:
        return tell(error, settings=path)
    for name, figures in record.metrics.items():
        sys.stdout.write(f"{name}: exact {figures['exact']:.3f}, CER {figures['cer']:.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
