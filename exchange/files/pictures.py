"""Pictures, drawn anew by a limited child: what comes back has its pixels and nothing else."""

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from exchange.files.picture_child import TOO_MANY_PIXELS

CHILD = Path(__file__).with_name("picture_child.py")
SECONDS = 30
_few = BoundedSemaphore(2)
"""Pictures at once in one process: each takes up to 1.5 GB and a processor."""


class NoPicture(Exception):
    """It cannot be read as one."""


class TooManyPixels(Exception):
    """It has more than 40 million."""


def redrawn(sent: bytes, kind: str) -> bytes:
    """The picture at 1,600 pixels at most, without where, when and by what it was taken. `kind` is JPEG, PNG or HEIF; a
    HEIF comes back as a JPEG. NoPicture or TooManyPixels.
    """
    command = [sys.executable, "-I", str(CHILD), kind]
    with _few:
        try:
            done = subprocess.run(command, input=sent, capture_output=True, timeout=SECONDS, env={}, check=False)  # noqa: S603 - ours
        except subprocess.TimeoutExpired:
            raise NoPicture from None
    if done.returncode == TOO_MANY_PIXELS:
        raise TooManyPixels
    if done.returncode != 0 or not done.stdout:
        raise NoPicture
    return done.stdout
