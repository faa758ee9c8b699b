"""The portal as it is deployed: gunicorn as the unit starts it, and the real nginx with the shipped site before it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.database import refuse_or_skip

HOST = "portal.example"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
AROUND = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include /etc/nginx/mime.types;
    include {folder}/site.conf;
}}
"""
"""What Debian's own nginx.conf has around a site, without its folders."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def gunicorn(repository: Path, environ: Mapping[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """As deploy/portal-web.service starts it, but for the port."""
    unit = (repository / "deploy" / "portal-web.service").read_text("utf-8")
    line = unit.partition("ExecStart=/srv/portal/.venv/bin/gunicorn ")[2].partition("\n")[0]
    command = [sys.executable, "-m", "gunicorn", *line.split(), "-b", f"127.0.0.1:{port}", "--log-level", "warning"]
    with started(command, port, cwd=repository, env={"PATH": os.environ["PATH"], **environ}) as process:
        yield process


@contextmanager
def nginx(repository: Path, folder: Path, behind: int) -> Iterator[tuple[int, int]]:
    """The shipped site with a name, ports and a certificate for this machine; yields its ports for https and http."""
    if NGINX is None:
        refuse_or_skip("nginx is not installed")
    https, http = free_port(), free_port()
    _make_certificate(folder)
    (folder / "site.conf").write_text(site_for(repository, folder, https, http, behind), "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), "utf-8")
    with started([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], https, cwd=folder):
        yield https, http


def site_for(repository: Path, folder: Path, https: int, http: int, behind: int) -> str:
    site = (repository / "deploy" / "nginx-site.conf").read_text("utf-8")
    lines = [line for line in site.splitlines() if "listen [::]" not in line]
    changed = {
        "listen 443": f"listen 127.0.0.1:{https}",
        "listen 80": f"listen 127.0.0.1:{http}",
        "portal.example.gov.uk": HOST,
        "http://127.0.0.1:8000": f"http://127.0.0.1:{behind}",
        "/etc/ssl/portal": str(folder),
        "/var/log/nginx": str(folder),
    }
    text = "\n".join(lines)
    for old, new in changed.items():
        assert old in text, f"the site has no {old} any more"
        text = text.replace(old, new)
    return text


@contextmanager
def started(command: list[str], port: int, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """The process, once it listens."""
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen(command, **more))
        stack.callback(process.terminate)
        until = time.monotonic() + 180  # the app is imported before the port is opened, however busy the machine is
        while time.monotonic() < until:
            assert process.poll() is None, f"{command[:3]} ended with {process.returncode}"
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield process


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(*plain))
