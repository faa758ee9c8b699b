"""What stands around every page: the council's name and colour, navigation, footer, and built files."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_login import current_user
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader, Undefined

from blueprints.access import granted, is_of_staff, looking_at, may, me, sees_contact_details, viewing
from blueprints.at_hand import at_hand, keep_at_hand
from blueprints.session_store import session
from blueprints.switch import switch_from
from config import Council, Settings
from models.calendar import today
from models.permissions import Permission
from models.records.provider import Provider
from models.reports.services_overview import has_overview

Areas = dict[str, tuple[tuple[str, str, Permission], ...]]

NAVIGATION: Areas = {
    "Home": (("Home", "provider.home.show", Permission.VIEW_HOME),),
    "Payments": (
        ("Payments", "provider.payments.index", Permission.VIEW_PAYMENTS),
        ("Purchase Orders", "provider.purchase_orders.index", Permission.VIEW_PURCHASE_ORDERS),
    ),
    "Actuals": (
        ("Actuals", "provider.actuals.index", Permission.VIEW_ACTUALS),
        ("Timesheets", "provider.timesheets.index", Permission.VIEW_ACTUALS),
        ("Upload in bulk", "provider.uploads.index", Permission.SUBMIT_ACTUALS),
        ("Visits", "provider.visits.index", Permission.VIEW_ACTUALS),
    ),
    "Invoices": (("Invoices", "provider.invoices.index", Permission.VIEW_INVOICES),),
    "Claims": (("Claims", "provider.claims.index", Permission.VIEW_CLAIMS),),
    "Actions": (("Actions", "provider.actions.index", Permission.VIEW_ACTIONS),),
    "Reports": (
        ("Reports", "provider.reports.index", Permission.VIEW_PAYMENTS),
        ("Received and expected", "provider.received.show", Permission.VIEW_PAYMENTS),
        ("Statement of account", "provider.statements.show", Permission.VIEW_PAYMENTS),
    ),
    "Care": (
        ("Care packages", "provider.care_packages.index", Permission.VIEW_CARE_PACKAGES),
        ("Documents", "provider.documents.index", Permission.VIEW_DOCUMENTS),
        ("Contracts", "provider.contracts.index", Permission.VIEW_PAYMENTS),
    ),
    "Organisation": (
        ("Organisation", "provider.organisation.show", Permission.VIEW_ORGANISATION),
        ("Contacts", "provider.contacts.index", Permission.VIEW_ORGANISATION),
        ("Team", "provider.team.index", Permission.MANAGE_TEAM),
    ),
}
"""The menu of a provider's pages by area, in order. People see the pages whose permission they have."""

COUNCIL_NAVIGATION: Areas = {
    "Home": (("Home", "admin.home.show", Permission.VIEW_COUNCIL),),
    "Payments": (
        ("Payment runs", "admin.payment_runs.index", Permission.VIEW_RUNS),
        ("Payments", "admin.payments.index", Permission.VIEW_EVERY_PAYMENT),
        ("What is owed", "admin.debts.index", Permission.VIEW_EVERY_PAYMENT),
        ("Claims", "admin.claims.index", Permission.VIEW_EVERY_CLAIM),
        ("Invoices", "admin.invoices.index", Permission.VIEW_EVERY_INVOICE),
        ("Actuals", "admin.actuals.index", Permission.VIEW_EVERY_ACTUAL),
        ("Timesheets", "admin.timesheets.index", Permission.VIEW_EVERY_ACTUAL),
    ),
    "Actions": (("Actions", "admin.actions.index", Permission.VIEW_EVERY_ACTION),),
    "Providers": (
        ("Providers", "admin.providers.index", Permission.VIEW_PROVIDERS),
        ("People", "admin.people.index", Permission.VIEW_PROVIDERS),
        ("Changes", "admin.changes.index", Permission.VIEW_PROVIDERS),
    ),
    "Care": (
        ("Contracts", "admin.contracts.index", Permission.VIEW_CONTRACTS),
        ("Documents", "admin.documents.index", Permission.VIEW_EVERY_DOCUMENT),
        ("Clients", "admin.clients.index", Permission.VIEW_CLIENTS),
    ),
    "Checks": (
        ("Daily work", "admin.daily_work.index", Permission.VIEW_DAILY_WORK),
        ("Exports", "admin.exports.index", Permission.VIEW_FEEDS),
        ("Audit", "admin.audit.index", Permission.VIEW_AUDIT),
    ),
}
"""The council's own, by area: the menu has the areas, and on the pages of one a second line has what is in it. Of an
area with one page for somebody, the menu has that page.
"""

STANDS_UNDER = {
    "provider.annual_statement": "provider.reports", "provider.answering": "provider.payments",
    "provider.changes": "provider.organisation", "provider.debts": "provider.payments",
    "provider.whereabouts": "provider.payments",
    "admin.access_reviews": "admin.people", "admin.alarms": "admin.audit", "admin.bank_holidays": "admin.daily_work",
    "admin.calendars": "admin.contracts", "admin.care_packages": "admin.clients", "admin.care_relief": "admin.claims",
    "admin.conflicts": "admin.people", "admin.feeds": "admin.daily_work", "admin.gates": "admin.contracts",
    "admin.purchase_orders": "admin.clients", "admin.rates": "admin.contracts",
    "admin.refused_addresses": "admin.people", "admin.remittances": "admin.payments",
    "admin.staff_requests": "admin.people", "admin.standing_holds": "admin.payments",
}  # fmt: skip
"""Pages that are in no menu, and under which of the menu's pages somebody looks for them."""

VISITOR_NAVIGATION = (("Home", "public.landing"), ("Help", "public.help"))
SIGNED_IN_NAVIGATION = (("Home", "auth.choose"), ("Help", "public.help"))
OVERVIEW_NAVIGATION = (SIGNED_IN_NAVIGATION[0], ("All my services", "auth.all_services"), SIGNED_IN_NAVIGATION[1])


def init_app(app: Flask, settings: Settings) -> None:
    manifest = Path(app.root_path) / "static" / "dist" / "manifest.json"
    assets = json.loads(manifest.read_text("utf-8")) if manifest.exists() else {}
    theme = _theme(settings.council)
    version = sha256(theme.encode()).hexdigest()[:12]
    app.extensions["theme"] = theme

    def asset_url(name: str) -> str:
        return f"/static/{assets.get(name, name)}"

    def theme_url() -> str:
        return url_for("public.theme", v=version)

    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([loader for loader in (app.jinja_loader, govuk) if loader])
    app.jinja_env.undefined = NeverPrinted
    app.jinja_env.globals.update(
        asset_url=asset_url, is_of_staff=is_of_staff, theme_url=theme_url, Permission=Permission, may=may,
        sees_contact_details=sees_contact_details,
    )  # fmt: skip
    app.url_defaults(keep_at_hand)
    app.context_processor(lambda: _context(settings))


class NeverPrinted(Undefined):
    """A name that no view has set: templates may test it (`{% if logo %}`), but printing it raises, as it is a slip."""

    __str__ = __html__ = Undefined._fail_with_undefined_error


def settings() -> Settings:
    return current_app.config["SETTINGS"]


def portal_address() -> str:
    """The first page's, for mails. Other host names than the settings' are not answered, so nobody makes one up."""
    return url_for("public.landing", _external=True)


def _context(settings: Settings) -> dict[str, Any]:
    provider = at_hand()
    return {
        "council": settings.council,
        "demonstration": settings.is_demonstration,
        "business_date": today() if settings.today else None,
        "viewing": provider,
        "looking": looking_at() is not None,
        "nav_items": (areas := _nav_items(provider)),
        "area_items": next((each["pages"] for each in areas if each["active"] and each.get("pages")), ()),
        "finds": viewing() is None and may(Permission.VIEW_COUNCIL),
        "footer_items": _footer_items(settings),
        "switch": switch_from(provider),
        "session_left": _session_left(),
        "session_limits": session.row,
    }


def _session_left() -> int | None:
    """Seconds; None where nobody has logged in."""
    left = session.left if current_user.is_authenticated else None
    return None if left is None else int(left.total_seconds())


def _nav_items(provider: Provider | None) -> list[dict[str, Any]]:
    if provider is not None:
        held = granted() if viewing() is not None else me().granted_at(provider.id)
        return _areas(NAVIGATION, partial(_is_offered, provider, held), provider=provider.id)
    if current_user.is_authenticated and current_user.staff is not None:
        held = granted()
        return _areas(COUNCIL_NAVIGATION, lambda _, needed: needed in held)
    navigation: Sequence[tuple[str, str]] = VISITOR_NAVIGATION
    if current_user.is_authenticated:
        navigation = OVERVIEW_NAVIGATION if has_overview(current_user) else SIGNED_IN_NAVIGATION
    return [_nav_item(text, endpoint) for text, endpoint in navigation]


def _everybody(_provider: Provider) -> bool:
    return True


def _fills_in_weeks(provider: Provider) -> bool:
    """It is paid on actuals, and says them week by week: a Shared Lives carer does in timesheets."""
    return bool(provider.has_actuals) and not provider.kind.sends_timesheets


_IS_FOR: dict[str, Callable[[Provider], bool]] = {
    "provider.claims.index": lambda provider: bool(provider.is_claimant),
    "provider.actuals.index": _fills_in_weeks,
    "provider.uploads.index": _fills_in_weeks,
    "provider.visits.index": _fills_in_weeks,
    "provider.invoices.index": lambda provider: provider.kind.sends_invoices,
    "provider.timesheets.index": lambda provider: provider.kind.sends_timesheets,
}


def _is_offered(provider: Provider, held: frozenset[Permission], endpoint: str, needed: Permission) -> bool:
    """Claims are shown to those providers only that may claim, or once could; actuals to those paid on them, timesheets
    to Shared Lives carers, invoices to those who do not give care in their own homes.
    """
    return _IS_FOR.get(endpoint, _everybody)(provider) and needed in held


def _areas(areas: Areas, is_offered: Callable[[str, Permission], bool], **arguments: Any) -> list[dict[str, Any]]:
    """The areas in which this person may open a page."""
    found = (
        (area, [(text, endpoint) for text, endpoint, needed in pages if is_offered(endpoint, needed)])
        for area, pages in areas.items()
    )
    return [_area(area, pages, **arguments) for area, pages in found if pages]


def _area(text: str, pages: Sequence[tuple[str, str]], **arguments: Any) -> dict[str, Any]:
    """An area of the menu leads to its first page that this person may open. Of one that is not open just now nobody
    sees the other pages.
    """
    first = _nav_item(*pages[0], **arguments)
    if len(pages) == 1:
        return first
    area = {"text": text, "href": first["href"], "current": False, "active": False}
    if any(_is_active(endpoint) for _, endpoint in pages):
        area |= {"active": True, "pages": [first, *(_nav_item(*page, **arguments) for page in pages[1:])]}
    return area


def _nav_item(text: str, endpoint: str, **arguments: Any) -> dict[str, Any]:
    """`current` is the page itself, `active` any page of its area."""
    is_current = request.endpoint == endpoint
    href = url_for(endpoint, **arguments)
    return {"text": text, "href": href, "current": is_current, "active": is_current or _is_active(endpoint)}


def _is_active(endpoint: str) -> bool:
    open_now = request.endpoint or ""
    area, here = endpoint.rpartition(".")[0], open_now.rpartition(".")[0]
    return endpoint == open_now or (area.count(".") > 0 and area in (here, STANDS_UNDER.get(here)))


def _footer_items(settings: Settings) -> list[dict[str, str]]:
    team = {"text": f"Contact the {settings.council.team}", "href": url_for("public.help", _anchor="contact")}
    items = [
        {"text": "Help", "href": url_for("public.help")},
        *([] if is_of_staff() else [team]),
        {"text": "Privacy", "href": url_for("public.privacy")},
        {"text": "Cookies", "href": url_for("public.cookies")},
        {"text": "Accessibility", "href": url_for("public.accessibility")},
    ]
    if settings.is_demonstration:
        items.append({"text": "Demonstration mail", "href": url_for("demo.mail")})
    return items


def _theme(council: Council) -> str:
    """The council's colour, and black or white, whichever is easier to read on it."""
    return f":root{{--council:{council.colour};--council-text:{readable_on(council.colour)}}}\n"


def readable_on(colour: str) -> str:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#0b0c0c"


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
