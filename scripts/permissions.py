"""Prints docs/permissions.md from the policy and the addresses of the running portal.

.venv/bin/python scripts/permissions.py > docs/permissions.md
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

sys.path.insert(0, str(Path(__file__).parent.parent))

from blueprints.access import access_of
from models.permissions import COUNCIL_GRANTS, GRANTS, CouncilRole, Permission, Role

HEAD = """\
# Who may do what

Printed by `scripts/permissions.py` from `models/permissions.py` and the addresses of the running portal; a test
holds that it is up to date. A page that declares no access is open to nobody. What is under
`/providers/<provider>/` also takes a membership of that provider: without one, the page does not exist (404). What is
under `/council/` takes a role at the council, and is refused to everybody else (403). "Password given again" means a
password or code that was given within the last 15 minutes. Staff who may look at a provider's pages see there, for an
hour, what a viewer sees; they change nothing, and the audit has every page.

Where carers live is told to few. Addresses, telephone numbers and e-mail addresses of providers and of their people are
shown to the roles whose work needs them: payments officers, who ring and write about a payment; procurement, who make
the changes of details that providers ask for; the help desk, who make sure by telephone who is asking; and systems
administrators, who keep the logins. The others see names and references. People cannot be searched by e-mail address
without it, and no file has one. What is shown is noted in the audit, each time.

Care package line items are read by more roles than clients are: who may view line items and not clients is told a
client's reference, the price and the timetable, and no name, days away, contribution or allowance; and finds and sorts
line items by no name.
"""


def page(app: Flask) -> str:
    at_provider, at_council = _roles(Role, GRANTS), _roles(CouncilRole, COUNCIL_GRANTS)
    parts = [HEAD, "## Roles at a provider", "", *at_provider, "", "## Roles at the council", "", *at_council]
    return "\n".join([*parts, "", "## Addresses", "", *_addresses(app), ""])


def _roles(roles: type[Role | CouncilRole], grants: dict) -> Iterator[str]:
    """What any of the roles may, and which."""
    yield f"| May | {' | '.join(role.label for role in roles)} |"
    yield f"|---|{'---|' * len(roles)}"
    granted = frozenset().union(*grants.values())
    for permission in (each for each in Permission if each in granted):
        marks = ["yes" if permission in grants[role] else "" for role in roles]
        yield f"| {permission.value} | {' | '.join(marks)} |"


def _addresses(app: Flask) -> Iterator[str]:
    yield "| Address | | For |"
    yield "|---|---|---|"
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        access = access_of(app, rule.endpoint)
        methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        who = f"who may {access.value}" if isinstance(access, Permission) else access.value if access else "nobody"
        again = ", password given again" if getattr(app.view_functions[rule.endpoint], "fresh", False) else ""
        yield f"| `{rule.rule}` | {methods} | {who}{again} |"


if __name__ == "__main__":
    from app import create_app
    from config import load

    with tempfile.TemporaryDirectory() as folder:
        settings = load({"PORTAL_MODE": "demonstration", "PORTAL_INSTANCE": folder})
        sys.stdout.write(page(create_app(settings)))
