"""A SELECT of nothing but FILTER (...) or OVER (...) names its entity: the wall between providers does not see one that
stands in there alone.
"""

import ast
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import session
from models.records.contract import Contract
from models.tenancy import set_tenant
from tests.care_factories import make_contract
from tests.factories import make_provider

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path for room in ("models", "blueprints", "commands", "exchange") for path in (ROOT / room).rglob("*.py")
)
HIDING = {"filter", "over"}


def overlooked(code: str) -> list[int]:
    """Lines of a select() whose columns all hide their entity, with no select_from() behind it."""
    tree = ast.parse(code)
    named = {
        id(inner)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "select_from"
        for inner in ast.walk(call.func)
    }
    return [
        call.lineno
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _name(call.func) == "select" and id(call) not in named
        if call.args and all(_hides(each) for each in call.args)
    ]


def _name(of: ast.expr) -> str:
    return of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", "")


def _hides(column: ast.expr) -> bool:
    while isinstance(column, ast.Call) and _name(column.func) in {"label", "coalesce", "cast"}:
        column = column.args[0] if _name(column.func) != "label" else column.func.value  # type: ignore[attr-defined]
    return isinstance(column, ast.Call) and isinstance(column.func, ast.Attribute) and column.func.attr in HIDING


def test_every_select_names_what_it_reads():
    found = {str(path.relative_to(ROOT)): overlooked(path.read_text("utf-8")) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_what_is_looked_for_is_found():
    assert overlooked("select(func.count(X.id).filter(X.a))") == [1]
    assert overlooked("sa.select(sa.func.coalesce(sa.func.sum(X.id).over(), 0).label('n')).where(X.a)") == [1]
    assert overlooked("select(func.count(X.id).filter(X.a)).select_from(X).where(X.b)") == []
    assert overlooked("select(X.id, func.count().over())") == []


def test_one_that_names_its_entity_counts_its_own_provider_only(database):
    mine, other = make_provider(), make_provider()
    make_contract(mine), make_contract(other)
    set_tenant(mine.id)
    hidden = func.count(Contract.id).filter(Contract.id > 0)
    assert session.scalar(select(hidden).select_from(Contract)) == 1
    assert session.scalar(select(hidden)) == 2, "SQLAlchemy sees it now: this module can go"
    assert session.scalar(select(sa.func.count(Contract.id))) == 1
