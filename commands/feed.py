"""`./portal feed ...`: what comes in from the finance system, and what goes back to it."""

import gc
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from tqdm import tqdm

from commands.batchwise.exporting import export
from exchange.feed import AboveLimits, Count, FeedFaults, Report, check_feed, import_feed
from exchange.feed.answered import FILE as ANSWERS
from exchange.feed.describe import format_of_a_feed
from exchange.feed.faults import lines_of
from exchange.feed.manifest import is_demanded, manifest_of
from exchange.feed.schema import MANIFEST
from exchange.feed.sheets import Track
from exchange.files.store import UPLOADS, Store
from exchange.outbound.describe import format_of_an_export
from models.auditing.made_up import say_made_up
from models.base import DomainError, transaction
from models.reports.feed_effect import effect_words
from models.words import how_many

cli = AppGroup("feed", help="Bring in the finance system's data, and tell it what is new.")

DIRECTORY = click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
MOST = click.option(
    "--show", "most", default=100, show_default=True, help="How many lines of faults or warnings to list."
)
EACH = click.option("--each", is_flag=True, help="A line for each fault and warning, also where many are equal.")


@cli.command("import")
@DIRECTORY
@MOST
@EACH
@click.option("--made-up", "is_made_up", is_flag=True, help="The files are made up: a demonstration takes no others.")
@click.option("--above-limits", is_flag=True, help="Import it although it changes more money than the limits allow.")
def import_(directory: Path, most: int, each: bool, is_made_up: bool, above_limits: bool) -> None:
    """Import the CSV files in DIRECTORY: all of them, or nothing if anything is wrong. See docs/feed.md."""
    _insist_on_made_up(is_made_up)
    report = _run(partial(import_feed, above_limits=above_limits), directory, most, each)
    if report.import_id is None:
        click.echo("All of this is on record already. Nothing was written.")
    else:
        click.echo(f"Import {report.import_id} is written.")


@cli.command()
@DIRECTORY
@MOST
@EACH
def check(directory: Path, most: int, each: bool) -> None:
    """Say what an import of DIRECTORY would do, or all that is wrong with it. Writes nothing."""
    report = _run(check_feed, directory, most, each)
    if report.above:
        click.echo(f"No faults. It is above a limit: {'; '.join(report.above)}. Only --above-limits imports it.")
        return
    click.echo("No faults. " + ("It can be imported." if report.is_news else "All of this is on record already."))


@cli.command()
@DIRECTORY
def manifest(directory: Path) -> None:
    """Print a manifest.csv for the files in DIRECTORY, for a feed that is made by hand."""
    click.echo(manifest_of(directory), nl=False)


@cli.command("format")
def format_() -> None:
    """Print the files and columns of a feed and, behind a line, of an export, as docs/feed.md has them."""
    click.echo(format_of_a_feed() + "\n---\n\n" + format_of_an_export(), nl=False)


@cli.command("export")
@click.option("--after", default=0, help="A number that is used already, where the database was brought back.")
def export_(after: int) -> None:
    """Write what the finance system has to know since the last export, and deliver it. See docs/feed.md."""
    settings = current_app.config["SETTINGS"]
    try:
        click.echo(export(Store(settings.instance / UPLOADS), after=after))
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from None


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def acknowledge(file: Path) -> None:
    """Take what the finance system says of exports: FILE has the columns of acknowledgements.csv."""
    with TemporaryDirectory(prefix="acknowledgements-") as folder:
        directory = Path(folder)
        (directory / ANSWERS).write_bytes(file.read_bytes())
        if is_demanded():
            (directory / MANIFEST.name).write_text(manifest_of(directory), "utf-8")
        report = _run(partial(import_feed, is_foreseen=False), directory, 100, False)
    if report.import_id is None:
        click.echo("All of this is on record already. Nothing was written.")
    else:
        click.echo(f"Import {report.import_id} is written.")


def _insist_on_made_up(is_said: bool) -> None:
    """In a demonstration somebody has to say it, and it is kept."""
    if not current_app.config["SETTINGS"].is_demonstration:
        if is_said:
            raise click.ClickException("This is no demonstration: made-up data are not imported here.")
        return
    if not is_said:
        raise click.ClickException(
            "A demonstration shows codes and passwords to anybody who can open it, and takes made-up data only. "
            "If these files are made up, say so with --made-up."
        )
    with transaction():
        say_made_up()


def progress(things: Iterable[Any], what: str) -> Iterable[Any]:
    """A bar on a terminal, nothing elsewhere."""
    return tqdm(things, desc=what, unit="file", disable=None, leave=False)


def _run(work: Callable[[Path, Track], Report], directory: Path, most: int, each: bool) -> Report:
    gc.freeze()  # the program itself is not gone through again and again while a large feed is read
    try:
        report = work(directory, progress)
    except FeedFaults as found:
        _show_counts(found.counts)
        _list(found.faults, most, each)
        raise click.ClickException(str(found)) from None
    except AboveLimits as refusal:
        _show(refusal.report, most, each)
        raise click.ClickException(f"{refusal}. Look at it and, if it is right, give --above-limits.") from None
    finally:
        gc.unfreeze()
    _show(report, most, each)
    return report


def _show(report: Report, most: int, each: bool) -> None:
    _show_counts(report.counts)
    if report.warnings:
        click.echo(f"{how_many(len(report.warnings), 'warning')}. They stop no import.", err=True)
        _list(report.warnings, most, each)
    if report.unforeseen:
        click.echo(f"What changes in money cannot be said. {report.unforeseen}.")
    if report.effect is not None:
        for line in effect_words(report.effect):
            click.echo(line)


def _list(found: list[Any], most: int, each: bool) -> None:
    lines = lines_of(found, each)
    for line in lines[:most]:
        click.echo(line, err=True)
    if (more := len(lines) - most) > 0:
        click.echo(f"... and {how_many(more, 'line')} more.", err=True)


def _show_counts(counts: dict[str, Count]) -> None:
    if not counts:
        return
    total = Count()
    width = max(map(len, counts))
    click.echo(f"{'':{width}}      read       new   changed unchanged  rejected")
    for name, count in counts.items():
        _show_count(name, count, width)
        for each in ("read", "new", "changed", "unchanged", "rejected"):
            setattr(total, each, getattr(total, each) + getattr(count, each))
    _show_count("Total", total, width)


def _show_count(name: str, count: Count, width: int) -> None:
    numbers = (count.read, count.new, count.changed, count.unchanged, count.rejected)
    click.echo(f"{name:{width}} " + " ".join(f"{number:9,}" for number in numbers))
