"""File systems of our own in image files: what is in such a file is what a power cut would leave on a disk."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

MIB = 1024 * 1024
# How each is made, and how large it is at least. A commit of its own would save what nobody has synced.
SIZES: Mapping[str, int] = {"ext4": 16 * MIB, "xfs": 320 * MIB, "btrfs": 128 * MIB}
OPTIONS: Mapping[str, str] = {"ext4": "loop,commit=600", "xfs": "loop,nouuid", "btrfs": "loop,commit=600"}


def make(kind: str, image: Path) -> None:
    """Make an empty file system of a kind."""
    with image.open("wb") as file:
        file.truncate(SIZES[kind])
    _run(f"mkfs.{kind}", "-q", str(image))


@contextmanager
def mounted(kind: str, image: Path, at: Path) -> Iterator[None]:
    """Mount an image while the block lasts."""
    at.mkdir(exist_ok=True)
    _run("mount", "-t", kind, "-o", OPTIONS[kind], str(image), str(at))
    try:
        yield
    finally:
        _run("umount", str(at))


def why_not(kind: str, folder: Path) -> str:
    """Return why no file system of a kind can be mounted here; empty where it can."""
    if sys.platform != "linux":
        return "file systems are mounted on Linux only"
    if os.geteuid() != 0:
        return "only root may mount a file system"
    if shutil.which(f"mkfs.{kind}") is None:
        return f"mkfs.{kind} is not installed"
    try:
        make(kind, folder / "probe.img")
        with mounted(kind, folder / "probe.img", folder / "probe"):
            return ""
    except subprocess.CalledProcessError as error:
        return f"{kind} cannot be mounted here: {error.stderr.decode().strip()}"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
