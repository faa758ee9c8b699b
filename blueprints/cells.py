"""What stands hundreds of times on a page: the cell of a sum, the bar of a share, a state. Templates import them from
components/ as they import macros; written here, one takes a quarter of a macro's time.
"""

from flask import Flask
from markupsafe import Markup

from blueprints.templating import written
from models.money import gbp


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(money_cell=money_cell, share_bar=share_bar, state_tag=state_tag)


def money_cell(label: str, pence: int) -> Markup:
    """A sum in a table: right-aligned, with its heading for cards on a phone; below zero, with the word recovery."""
    text = f'<span>{gbp(pence)} <span class="recovery">recovery</span></span>' if pence < 0 else gbp(pence)
    return Markup(f'<td class="numeric" data-label="{written(label)}">{text}</td>')  # noqa: S704 - digits


def share_bar(part: int, whole: int) -> Markup:
    """A bar, and how many in a hundred `part` is of `whole`, for a cell where both figures stand beside it; nothing of
    nothing.
    """
    if whole <= 0:
        return Markup()
    percent = min(max(part, 0), whole) * 100 // whole
    svg = '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
    return Markup(  # noqa: S704 - a number
        f'<span class="paid">{svg}<rect width="{percent}" height="8"/></svg>{percent} %</span>'
    )


def state_tag(text: str, colour: str = "") -> Markup:
    """A status, always in words. `colour`: grey, green, teal, blue, purple, magenta, red, orange, yellow; none is
    blue.
    """
    name = f" govuk-tag--{written(colour)}" if colour else ""
    return Markup(f'<strong class="govuk-tag{name}">{written(text)}</strong>')  # noqa: S704 - escaped
