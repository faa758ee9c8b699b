"""Asking the virus scanner: clamd, over its socket, by INSTREAM."""

import socket
from contextlib import closing
from pathlib import Path

from models.words import Choice

SECONDS = 10.0
"""For which an answer is waited."""
_CHUNK = 1 << 16


class Verdict(Choice):
    CLEAN = "clean"
    INFECTED = "infected"
    UNAVAILABLE = "unavailable"
    """It is away, too slow, or says what nobody understands: the file waits, and it is asked again."""


def scan(address: str, path: Path) -> Verdict:
    """What the scanner at `address` ("/run/clamav/clamd.ctl" or "host:3310") says of the file. Raises nothing."""
    try:
        with closing(_connected(address)) as line, path.open("rb") as file:
            line.sendall(b"zINSTREAM\0")
            while chunk := file.read(_CHUNK):
                line.sendall(len(chunk).to_bytes(4, "big") + chunk)
            line.sendall(bytes(4))
            return _verdict(_answer(line))
    except (OSError, ValueError):
        return Verdict.UNAVAILABLE


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(SECONDS)
        try:
            line.connect(address)
        except OSError:
            line.close()
            raise
        return line
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS)


def _answer(line: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\0") and len(said) < 4_096:
        part = line.recv(4_096)
        if not part:
            break
        said += part
    return said.rstrip(b"\0\n")


def _verdict(said: bytes) -> Verdict:
    if said == b"stream: OK":
        return Verdict.CLEAN
    if said.startswith(b"stream: ") and said.endswith(b" FOUND"):
        return Verdict.INFECTED
    return Verdict.UNAVAILABLE
