"""Drawn folders of labelled crops, in the layouts that training reads."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

import recognition.training
from recognition.training.synthetic import draw_name

FONTS = sorted((Path(recognition.training.__file__).parent / "fonts").glob("*.ttf"))
TEXTS = ("ADA", "EVE", "Ida", "Bob Lee", "NOA", "Max", "LEO", "Amy Poe")


def write_names(folder: Path, split: str, texts=TEXTS, *, seed: int = 1) -> None:
    """``split.csv`` beside the folder ``split``."""
    rows = _draw(folder / split, texts, seed)
    _table(folder / f"{split}.csv", ("FILENAME", "IDENTITY"), rows)


def write_hands(folder: Path, split: str, texts=TEXTS, *, writers: int = 4, seed: int = 2) -> None:
    """``split/labels.csv`` with writers beside ``split/images``."""
    rows = _draw(folder / split / "images", texts, seed)
    with_writers = [(*row, f"w{i % writers}") for i, row in enumerate(rows)]
    _table(folder / split / "labels.csv", ("FILENAME", "IDENTITY", "WRITER"), with_writers)


def write_list(path: Path) -> Path:
    """List of names to draw."""
    path.write_text("name,count\nADA,40\nEVE,30\nO'NEIL,2\nLEE,8\n", encoding="utf-8")
    return path


def _draw(folder: Path, texts, seed: int) -> list[tuple[str, str]]:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    rows = []
    for index, text in enumerate(texts):
        crop = draw_name(text, font_path=FONTS[index % len(FONTS)], height_px=48, rng=rng)
        cv2.imwrite(str(folder / f"{index}.png"), np.pad(crop, 6, constant_values=255))
        rows.append((f"{index}.png", text))
    return rows


def _table(path: Path, head: tuple[str, ...], rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
