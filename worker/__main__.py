"""Let ``python -m worker`` do what ``penname`` does."""

from __future__ import annotations


def main() -> None:
    """Run the command; see ``worker.cli.app``."""
    # Each process that ``read`` spawns imports this file first, and needs none of the commands.
    from worker.cli.app import main as run  # noqa: PLC0415, the reason stands above

    run()


if __name__ == "__main__":
    main()
