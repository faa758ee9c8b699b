"""Shows that a change to the code has changed no page: what each kind of person sees, before and after.

    .venv/bin/python scripts/snapshot_pages.py borsetshire BEFORE --instance DATA     # with the code as it was
    .venv/bin/python scripts/snapshot_pages.py borsetshire AFTER --instance DATA      # with the code as it is now
    .venv/bin/python scripts/snapshot_pages.py --compare BEFORE AFTER                 # exit 1 if anything differs

The first two follow every link and filter, by GET only: as a visitor, as one person of each role and kind of provider
that the data has, and as one of the council's staff who looks at a provider's pages. What nothing led to is asked for
at the end. Each answer becomes a file in its person's folder, without what is new in every answer.

DATA is an instance folder, copied before it is looked at; one without a database is given the demonstration first.
The clock stands still at the last event of the data. Needs requirements-dev.txt.
"""

import argparse
import difflib
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import time_machine
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

sys.path.insert(0, str(Path(__file__).parent.parent))

import config
from app import create_app

MOST_PAGES = 1200  # answers for one person
MOST_ALIKE = 12  # pages of the same endpoint with the same names behind the question mark
MOST_FROM_ONE = 3  # of those, how many one page adds: the first list may not add all, a filter shows other rows
SITE, INDEX = "http://localhost", "index.json"
ALWAYS_NEW = (
    (r"[\w-]{30,}\.[\w-]{6}\.[\w-]{27}", "CSRF-TOKEN"),
    (r"\bnonce(=\"|-)[\w+/=-]+", "NONCE"),
    (r"\b(session|device)=[\w-]{43}", r"\1=TOKEN"),
    (r"(/static/[\w./-]+?)\.[0-9a-f]{8,}\.", r"\1."),
)
PEOPLE = """
    SELECT 'visitor', NULL, NULL
    UNION ALL SELECT role || '-' || kind, min(user.id), NULL FROM membership JOIN user ON user.id = user_id
        JOIN provider ON provider.id = provider_id WHERE is_active AND granted_at IS NOT NULL GROUP BY role, kind
    UNION ALL SELECT role, min(user_id), NULL FROM staff JOIN user ON user.id = user_id WHERE is_active GROUP BY role
    UNION ALL SELECT * FROM (SELECT staff.role || '-looking', staff.user_id, provider_id FROM staff, membership
        ORDER BY staff.user_id, membership.role, provider_id LIMIT 1)
"""  # a name for the folder, the person, and the provider whose pages somebody of the council looks at


class Portal:
    """The portal on a copy of an instance. Its database is used as plain SQL: it is the models that may be moved."""

    def __init__(self, instance: Path, folder: Path) -> None:
        self.app, self.folder = app_of(instance), folder
        self.addresses = self.app.url_map.bind("localhost")
        self.index: dict[str, tuple[str, str, int]] = {}  # by file: endpoint, address, status
        self.seen: set[object] = set()
        self.alike: Counter[object] = Counter()
        self.db = sqlite3.connect(instance / "portal.sqlite", isolation_level=None)
        self.people = self.db.execute(PEOPLE).fetchall()
        self.now = datetime.fromisoformat(*self.db.execute("SELECT max(at) || '+00:00' FROM audit_event").fetchone())
        # Seeing a page is an event of the audit. None may stay: pages would depend on those that were seen before them.
        self.db.execute("DROP TRIGGER audit_event_delete")
        forget = "DELETE FROM audit_event WHERE id = NEW.id"
        self.db.execute(f"CREATE TRIGGER forget AFTER INSERT ON audit_event BEGIN {forget}; END")
        self.cookies = {person[0]: self.log_in(*person) for person in self.people}  # all, since people are told of it

    def log_in(self, name: str, user_id: int | None, looks_at: int | None) -> str:
        """Make the row that logging in makes; return what the cookie holds."""
        token = re.sub(r"\W", "_", name).ljust(43, "-")[:43]
        now, soon, later = (f"{self.now + timedelta(minutes=each):%Y-%m-%d %H:%M:%S.%f}" for each in (0, 30, 600))
        data = {"_user_id": str(user_id), "_fresh": True, "proved_at": f"{now}+00:00"}
        data["looking"] = {looks_at: f"{soon}+00:00"} if looks_at else {}
        if user_id:
            self.db.execute(
                "INSERT INTO web_session (token_sha256, user_id, data, user_agent, idle_minutes, created_at,"
                " last_seen_at, idle_until, expires_at) VALUES (?, ?, ?, '', 30, ?, ?, ?, ?)",
                (sha256(token.encode()).hexdigest(), user_id, json.dumps(data), now, now, soon, later),
            )
        return token

    def walk(self, person: tuple[str, int | None, int | None], starts: list[str]) -> None:
        """One person's way through the portal, the nearest pages first; one page of each kind as htmx asks for it."""
        name, client = person[0], self.app.test_client()
        client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], self.cookies[name])
        self.seen.update((name, start) for start in starts)
        waiting = deque(starts)
        while waiting and self.alike[name] < MOST_PAGES:
            address = waiting.popleft()
            kind, htmx = (name, self.kind_of(address)), {"HX-Request": "true", "HX-Current-URL": SITE + address}
            for headers in ({},) if kind in self.seen else ({}, htmx):
                answer = client.get(address, headers={"Referer": f"{SITE}/", **headers}, buffered=True)
                self.alike[name] += 1
                self.keep(name, address, answer, "-part" if headers else "")
                waiting.extend(self.onward(name, address, answer))
            self.seen.add(kind)

    def keep(self, name: str, address: str, answer: TestResponse, part: str) -> None:
        """Write the answer down: HTML as a line for each tag with a space before it, and nothing that is always new."""
        headers = sorted(f"{each}: {value}" for each, value in answer.headers if each not in ("Content-Length", "Date"))
        kind = answer.mimetype or ""
        body = answer.text if answer.is_json or kind[:5] == "text/" else sha256(answer.data).hexdigest()
        if kind == "text/html":
            body = " ".join(body.split()).replace(" <", "\n<")
        text = "\n".join([f"GET {address}", answer.status, *headers, "", body, ""])
        for pattern, instead in ALWAYS_NEW:
            text = re.sub(pattern, instead, text)
        slug = re.sub(r"[^\w.]+", "-", address).strip("-")[:120] or "start"
        file = f"{name}/{slug}-{sha256(address.encode()).hexdigest()[:8]}{part}.html"
        self.index[file] = self.kind_of(address)[0], address, answer.status_code
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / file).write_bytes(text.encode())

    def onward(self, name: str, page: str, answer: TestResponse) -> Iterator[str]:
        """The addresses on the page that are new, if there is room for their kind."""
        for link, field in links_of(answer):
            url = urlsplit(urljoin(SITE + page, link.strip()))
            address = url.path + (f"?{url.query}" if url.query else "")
            kind = name, self.kind_of(address), field
            has_room = self.alike[kind] < MOST_ALIKE and (field or self.alike[page, kind] < MOST_FROM_ONE)
            is_page = f"{url.scheme}://{url.netloc}" == SITE and not url.path.startswith("/static/")
            if is_page and has_room and (name, address) not in self.seen:
                self.seen.add((name, address))
                self.alike.update((kind, (page, kind)))
                yield address

    def kind_of(self, address: str) -> tuple[str, ...]:
        """The endpoint, and the names behind the question mark."""
        path, _, query = address.partition("?")
        try:
            endpoint = self.addresses.match(path)[0]
        except HTTPException:  # which a redirect is too
            endpoint = "no such page"
        return endpoint, *sorted({each.partition("=")[0] for each in query.split("&")})


def links_of(answer: TestResponse) -> Iterator[tuple[str, str]]:
    """Where one can go from here; and if by a filter, which field of it says something else than it does now."""
    yield from ((answer.headers[name], "") for name in ("Location", "HX-Redirect") if name in answer.headers)
    if answer.mimetype == "text/html" and answer.status_code < 400:
        for tag in BeautifulSoup(answer.text, "html.parser").select("[href], [data-hx-get]:not(form), form"):
            if tag.name != "form":
                yield from ((str(tag[name]), "") for name in ("href", "data-hx-get") if tag.has_attr(name))
            elif str(tag.get("method", "get")).lower() == "get":
                yield from filters_of(tag)


def filters_of(form: Tag) -> Iterator[tuple[str, str]]:
    """The form as it stands, and with each field in turn set to each of its choices: typed text to the letter a."""
    choices: dict[str, list[str | None]] = defaultdict(list)
    for field in form.select("input[name], select[name], button[name]"):
        kind = field.get("type", "submit" if field.name == "button" else "text")
        value: str | None = str(field.get("value", ""))
        found: list[str | None]
        if field.name == "select":
            options = sorted(field.select("option"), key=lambda option: not option.has_attr("selected"))
            found = [str(option.get("value", option.get_text())) for option in options]
        elif kind == "hidden" or field.has_attr("checked"):
            found = [value]
        else:
            found = [None, value] if kind in ("radio", "checkbox", "submit") else [value, "a"]
        choices[str(field["name"])] += found
    action, usual = str(form.get("action", "")), {name: values[0] for name, values in choices.items()}
    for name, values in choices.items():
        for value in values:
            fields = {each: chosen for each, chosen in {**usual, name: value}.items() if chosen is not None}
            yield f"{action.partition('?')[0]}?{urlencode(fields)}", name if value != values[0] else ""


def app_of(instance: Path) -> Flask:
    return create_app(config.load({"PORTAL_MODE": "demonstration", "PORTAL_INSTANCE": str(instance)}))


def make(demonstration: str, instance: Path) -> None:
    with time_machine.travel(datetime(2026, 11, 26, 12, tzinfo=UTC), tick=False):  # always then: always the same data
        for command in ("db upgrade", f"demo load {demonstration}"):
            result = app_of(instance).test_cli_runner().invoke(args=command.split())
            if result.exit_code:
                raise result.exception or SystemExit(result.output)


def snapshot(portal: Portal) -> None:
    rules = sorted((rule for rule in portal.app.url_map.iter_rules() if "GET" in (rule.methods or ())), key=str)
    with time_machine.travel(portal.now, tick=False):
        for person in portal.people:
            portal.walk(person, [f"/providers/{person[2]}/" if person[2] else "/"])
        known = {endpoint: address for endpoint, address, status in portal.index.values() if status == 200}
        known |= {rule.endpoint: rule.rule for rule in rules if not rule.arguments}
        for person in portal.people:  # what nothing led them to, where it is good for somebody else: most is refused
            seen = {row[0] for file, row in portal.index.items() if file.startswith(f"{person[0]}/")}
            portal.walk(person, [address for endpoint, address in known.items() if endpoint not in seen])
    (portal.folder / INDEX).write_text(json.dumps(portal.index, indent=0), "utf-8")
    for name, *_ in portal.people:
        found = Counter(row[2] for file, row in portal.index.items() if file.startswith(f"{name}/"))
        print(f"{name:32}{found.total():5} answers: {dict(sorted(found.items()))}")
    for endpoint in dict.fromkeys(rule.endpoint for rule in rules):
        found = Counter(row[2] for row in portal.index.values() if row[0] == endpoint)
        if 200 not in found:
            print(f"{endpoint} {f'gave only {dict(found)}' if found else 'was never asked for'}")


def compare(before: Path, after: Path) -> int:
    """Say by endpoint how many answers are missing, new or different, and show the first few differences."""
    rows = json.loads((after / INDEX).read_text("utf-8")) | json.loads((before / INDEX).read_text("utf-8"))
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for file, (endpoint, *_) in sorted(rows.items()):
        old, new = ((each / file).read_bytes() if (each / file).exists() else b"" for each in (before, after))
        kind = "same" if old == new else "missing" if not new else "new" if not old else "different"
        found[endpoint][kind] += 1
        shown = sum("different" in each for each in found.values())
        if kind == "different" and found[endpoint][kind] == 1 and shown <= 5:
            was, now = (each.decode().splitlines() for each in (old, new))
            changes = difflib.unified_diff(was, now, f"before/{file}", f"after/{file}", n=1, lineterm="")
            print(*[*changes][:30], sep="\n")
    for endpoint, kinds in sorted(found.items()):
        if kinds.keys() != {"same"}:
            print(f"{endpoint:40}", dict(kinds))
    total = sum(found.values(), Counter())
    print(f"{total.total()} answers: {dict(total)}")
    return 0 if total.keys() == {"same"} else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("demonstration", nargs="?", choices=("borsetshire", "durham"))
    parser.add_argument("folder", nargs="?", type=Path, help="for the answers: one that is not there yet")
    parser.add_argument("--instance", type=Path, help="the data; without it, made for this run alone")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("BEFORE", "AFTER"))
    chosen = parser.parse_args()
    if chosen.compare:
        return compare(*chosen.compare)
    if chosen.folder is None or chosen.folder.exists():
        parser.error("name a demonstration, and a folder that is not there yet")
    with tempfile.TemporaryDirectory() as temporary:
        instance = chosen.instance or Path(temporary, "made")
        if not (instance / "portal.sqlite").exists():
            make(chosen.demonstration, instance)
        snapshot(Portal(shutil.copytree(instance, Path(temporary, "copy")), chosen.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
