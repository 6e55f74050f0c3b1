"""Drawn digits and colour pictures in the files that the study reads."""

from __future__ import annotations

import gzip
import struct

import cv2
import numpy as np


def digits(count: int, *, seed: int = 1):
    """Draw (count, 28, 28) digits and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        at = (int(rng.integers(3, 9)), int(rng.integers(20, 25)))
        cv2.putText(image, str(label), at, cv2.FONT_HERSHEY_SIMPLEX, 0.75, 255, 2, cv2.LINE_AA)
    return images, labels.astype(np.uint8)


def idx(array) -> bytes:
    """Give an idx file's bytes."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def write_mnist(folder, *, learned: int, tested: int) -> None:
    """Write the four files; those to test on are packed."""
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = digits(learned)
    (folder / "train-images-idx3-ubyte").write_bytes(idx(images))
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    images, labels = digits(tested, seed=2)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))


def colours(count: int, *, classes: int = 10, seed: int = 3):
    """Draw (count, 32, 32, 3) noise, tinted by its label, and the labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = rng.integers(0, 120, (count, 32, 32, 3))
    images[np.arange(count), :, :, labels % 3] += (12 * labels)[:, None, None]
    return images.astype(np.uint8), labels
