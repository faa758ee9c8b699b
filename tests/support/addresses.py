"""The addresses of the running portal, each with records that exist, asked for without the house rules: for tests that
ask for thousands.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.support.client import PortalClient

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://portal.example/"}


def rules_of(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)


def methods_of(rule: Rule) -> list[str]:
    """What it answers to, reading first: what is pressed may take away what another page shows."""
    return sorted(rule.methods - {"OPTIONS", "HEAD"})


def address(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    missing = rule.arguments - values.keys()
    assert not missing, f"{rule.endpoint} takes {missing}: add a record of that kind to tests/meta/world.py"
    given = {name: values[name] for name in rule.arguments}
    return app.url_map.bind("portal.example").build(rule.endpoint, given)


def asked_one_way(client: PortalClient, method: str, path: str, turn: int) -> tuple[str, int]:
    """Plainly where `turn` is even, else by htmx."""
    way, headers = (("plain", {}), ("htmx", HTMX))[turn % 2]
    return way, ask(client, method, path, headers).status_code


def asked_both_ways(client: PortalClient, method: str, path: str) -> Iterator[tuple[str, int]]:
    """Plainly and by htmx: the way, and the status of the answer."""
    for way, headers in (("plain", {}), ("htmx", HTMX)):
        yield way, ask(client, method, path, headers).status_code


def ask(
    client: PortalClient, method: str, path: str, headers: dict[str, str] | None = None,
    data: dict[str, str] | None = None,
) -> Any:  # fmt: skip
    """`data` is what is posted; None: the token of this session."""
    if data is None and method == "POST":
        data = {"csrf_token": client.csrf_token()}
    base = "http://portal.example"
    return client._client.open(
        path,
        method=method,
        base_url=base,
        data=data,
        headers={"Referer": f"{base}/", **(headers or {})},
        buffered=True,
    )
