"""What the code of the portal may and may not do, read from the code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("models", "forms", "exchange", "blueprints", "commands")
CODE = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))
CHECKED = [*CODE, *sorted((ROOT / "scripts").glob("*.py")), ROOT / "app.py", *sorted((ROOT / "config").glob("*.py"))]
"""What `make lint` looks through for types."""
MAY_IMPORT = {
    "models": {"models"},
    "forms": {"forms", "models"},
    "exchange": {"exchange", "models", "config"},
    "blueprints": {"blueprints", "forms", "exchange", "models", "config"},
    "commands": {"commands", "exchange", "models", "config"},
}
"""Imports point inwards: to the domain, which knows nothing of the rest."""
ROOMS = (
    "ground", "records", "accounts", "engine", "payments", "care", "uploads", "correspondence", "billing", "reports",
    "auditing", "roof",
)  # fmt: skip
"""Of models/, from the ground up: each imports only from those below it. The ground is the modules that every room
stands on; the roof, `verify`, sees all of them."""
PURE = {"models.agreed_terms", "models.calendar", "models.money", "models.pricing", "models.words"}
"""All that the engine may import: no table, no session."""
WEB = {"flask", "flask_login", "flask_wtf", "wtforms", "werkzeug", "jinja2", "htmx_flask", "markupsafe"}
COMMITS = {"models/base.py", "blueprints/transactions.py"}
RAW_SQL = {"models/base.py", "models/sqlite_file.py", "models/statements.py"}
"""The last writes down as text what a select() comes to with the tenant's criteria, for models/tenancy.py alone."""
SEARCHES = {"like", "ilike", "contains", "icontains", "istartswith", "iendswith", "regexp_match"}
FOLDED = {"surname", "first_name"} | {
    f"{name}.name" for name in ("Provider", "Contract", "Contact", "User", "Service", "ServiceLevel")
}
MOST_LINES = {"tests": 450}  # of a file of tests, which may be a long table; 350 of any other


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def audience_of(path: Path) -> str | None:
    """`admin` of blueprints/admin/payments/hold.py; None of what is in no audience."""
    package, *folders = path.relative_to(ROOT).parent.parts
    return folders[0] if package == "blueprints" and folders else None


VIEWS = [path for path in CODE if audience_of(path)]
"""Every module of every audience, however deep: an area with much in it is a package."""


def each_file(paths=CODE):
    return pytest.mark.parametrize("path", paths, ids=[name_of(path) for path in paths])


@each_file()
def test_imports_point_inwards(path):
    package = name_of(path).split("/")[0]
    ours = {name.split(".")[0] for name in imports(path)} & {*OURS, "app", "config", "tests", "scripts"}
    assert ours <= MAY_IMPORT[package]


@each_file([path for path in CODE if name_of(path).startswith("commands/batchwise/")])
def test_what_commands_and_the_worker_share_neither_parses_nor_prints(path):
    assert not {name.split(".")[0] for name in imports(path)} & {"click", "flask", "tqdm"}


@each_file([path for path in CODE if name_of(path).startswith("models/")])
def test_the_domain_knows_nothing_of_the_web(path):
    assert not {name.split(".")[0] for name in imports(path)} & WEB


def room_of(module: str) -> str:
    """The room of `models.records.client`, or of a name in it."""
    name = (module.split(".") + [""])[1]
    return name if name in ROOMS else "roof" if name == "verify" else "ground"


def ours_in_models(path: Path) -> set[str]:
    """The modules of models/ that a file imports, `from models import audit` among them."""
    return {name for name in imports(path) if name.startswith("models.")}


@each_file([path for path in CODE if name_of(path).startswith("models/") and name_of(path) != "models/__init__.py"])
def test_a_room_imports_only_from_those_below_it(path):
    own = ROOMS.index(room_of(name_of(path).removesuffix(".py").replace("/", ".")))
    above = {name for name in ours_in_models(path) if ROOMS.index(room_of(name)) > own}
    assert not above


@each_file([path for path in CODE if name_of(path).startswith("models/engine/")])
def test_the_engine_is_pure(path):
    """It works on plain values, so that random histories can be run through it, and a figure worked out twice."""
    assert "sqlalchemy" not in {name.split(".")[0] for name in imports(path)}
    assert not {"models.calendar.today", "models.calendar.as_on"} & set(imports(path)), "the day is given to it"
    taken = {name for name in ours_in_models(path) if room_of(name) != "engine"}
    assert not {name for name in taken if not any(name == pure or name.startswith(f"{pure}.") for pure in PURE)}


VERBS = {
    "models.payments.agreeing", "models.payments.answers", "models.payments.authorising", "models.payments.day_moves",
    "models.payments.debts", "models.payments.hand_made", "models.payments.officer", "models.payments.payment_run",
    "models.payments.received", "models.payments.run", "models.payments.standing_holds",
}  # fmt: skip
"""Where the verbs of payments stand."""
INNER_VERBS = {"models.payments.hold.place"}
"""What two verbs have in common: they lock before it and calculate after it."""
VIEWS_MAY_CALL = {
    "models.payments.agreeing": {"agree", "start_gate"},
    "models.payments.answers": {
        "confirm", "reject", "take_back", "insist_on_being_open", "insist_on_no_answer", "to_confirm",
    },
    "models.payments.officer": {
        "hold", "hold_each", "release", "release_each", "answer", "ask_again", "pay_as_it_is", "keep_back_again",
        "ask_again_each", "adjust", "agree_plan_each", "cancel_adjustment", "agree_plan", "end_plan",
    },
    "models.payments.foreseeing": {"foresee"},
    "models.payments.gate": {"foresee_gate"},
    "models.payments.several": {"foreseen", "holds_seen"},
    "models.payments.debts": {
        "repay", "settle_surplus", "ask_write_off", "agree_write_off", "refuse_write_off", "withdraw_write_off",
        "move_debt", "newest_entry", "owed_on",
    },
    "models.payments.day_move": {"moved_days_of"},
    "models.payments.day_moves": {
        "shown_if_paid_now", "days_of", "move_days", "pay_now", "prepare_one", "usual_days_of",
    },
    "models.payments.ledger": {"ledger_of", "ledgers_of"},
    "models.payments.owing": {"debtor_of", "ever_owed", "forecast_of", "forecasts", "listed", "waiting"},
    "models.payments.asking": {"confirmers", "who_is_told"},
    "models.payments.contract_list": {"listed"},
    "models.payments.payment_list": {"found", "listed", "reach"},
    "models.payments.authorising": {
        "Checklist", "authorise", "bonds_in", "bound_in", "check_may_be_finalised", "tick", "ticks_of",
    },
    "models.payments.hand_made": {"see"},
    "models.payments.blocked": {"blocked_of", "faults", "waiting"},
    "models.payments.hold": {"is_held", "still_held", "told_among"},
    "models.payments.order_list": {"in_a_list", "listed", "sums", "sums_found", "sums_of"},
    "models.payments.order_page": {"contracts_of", "rows_of"},
    "models.payments.purchase_order": {"services_bought", "years_issued"},
    "models.payments.standing": {"standing_of", "standings"},
    "models.payments.to_answer": {"confirmed_of", "to_answer"},
    "models.payments.standing_hold": {"waiting"},
    "models.payments.standing_holds": {"suspend", "change", "end"},
    "models.payments.money_line": {"line_of"},
    "models.payments.run_history": {"askers_of", "outcome_of", "outcomes_of", "people_of", "runs_of", "spend_on"},
    "models.payments.due": {"what_is_due"},
    "models.payments.worklist": {"listed", "numbered", "part", "runs_that_wait", "waiting"},
}  # fmt: skip
"""The functions of payments that a view may call. What calculates, locks, or pays by steps is not among them."""
NOT_FOR_VIEWS = {"authorise_from_command_line", "complete", "finalise_some", "confirm_by_silence", "calculate_all"}
"""Methods of entities, and functions, that would pay, or close a run, without what belongs to it."""


def verbs_of(path: Path) -> set[str]:
    """Public functions and methods that say who does it (`by`)."""
    module = name_of(path).removesuffix(".py").replace("/", ".")
    return {
        f"{module}.{node.name}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if any(argument.arg == "by" for argument in (*node.args.args, *node.args.kwonlyargs))
    }


@each_file([path for path in CODE if name_of(path).startswith("models/payments/")])
def test_a_verb_of_payments_has_one_public_name(path):
    """An entity that had a `confirm()` of its own would leave stale drafts with whoever called it."""
    if name_of(path).removesuffix(".py").replace("/", ".") not in VERBS:
        assert verbs_of(path) <= INNER_VERBS


def functions_of_payments(path: Path) -> set[str]:
    """`models.payments.hold.place`, of whichever functions of payments a file imports, or calls by their module."""
    modules, functions = {}, set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "models.payments":
            modules |= {each.asname or each.name: f"models.payments.{each.name}" for each in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("models.payments."):
            functions |= {f"{node.module}.{each.name}" for each in node.names if each.name.islower()}
    for call in calls(path):
        owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
        if owner in modules and call.func.attr.islower():
            functions.add(f"{modules[owner]}.{call.func.attr}")
    return functions


@each_file(VIEWS)
def test_views_call_only_whole_verbs(path):
    allowed = {f"{module}.{name}" for module, names in VIEWS_MAY_CALL.items() for name in names}
    assert functions_of_payments(path) <= allowed
    assert not [ast.unparse(call) for call in calls(path) if call.func.attr in NOT_FOR_VIEWS]


@each_file(VIEWS)
def test_audiences_do_not_import_each_other(path):
    others = {f"blueprints.{name}" for name in map(audience_of, VIEWS) if name != audience_of(path)}
    assert not {".".join(name.split(".")[:2]) for name in imports(path)} & others


@each_file(VIEWS)
def test_a_view_hangs_on_the_blueprint_of_its_own_area(path):
    """A module makes `bp`, or takes it from the package that it lies in: where else would one look for the view?"""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    assert {name for name in imports(path) if name.endswith(".bp")} <= {f"{package}.bp"}


@each_file()
def test_only_pages_knows_of_htmx(path):
    """A view answers by render(), done() or go_to(), and never asks who asked."""
    uses = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute) and node.attr == "htmx"]
    if name_of(path) != "blueprints/pages.py":
        assert not uses
        assert "htmx_flask" not in set(imports(path))


@each_file()
def test_nobody_commits_but_the_plumbing(path):
    """A request is committed when its answer is good; a command uses models.base.transaction()."""
    if name_of(path) not in COMMITS:
        assert not [node for node in calls(path) if node.func.attr in ("commit", "begin_nested")]


@each_file([*CODE, ROOT / "app.py", *sorted((ROOT / "config").glob("*.py"))])
def test_nothing_is_kept_for_the_whole_process(path):
    """Two portals may run in one: what belongs to one is in its models.portal.Portal."""
    assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Global)]


@each_file()
def test_only_the_tenants_filter_sends_statements_as_text(path):
    assert ("models.statements.as_text" in set(imports(path))) == (name_of(path) == "models/tenancy.py")


@each_file()
def test_nothing_passes_by_the_tenants_filter(path):
    """No SQL as text, no session.get(): write a select(), it is filtered."""
    if name_of(path) in RAW_SQL:
        return
    assert not {name for name in imports(path) if name in ("sqlalchemy.text", "sqlalchemy.sql.text")}
    sessions, conditions = database_sessions(path), conditions_of_indexes(path)
    for call in calls(path):
        owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
        is_text = owner in ("sa", "sqlalchemy") and call.func.attr == "text"
        assert not is_text or call in conditions, ast.unparse(call)
        assert call.func.attr != "exec_driver_sql", ast.unparse(call)
        assert not (owner in sessions and call.func.attr in ("get", "get_one")), ast.unparse(call)


@each_file([path for path in CODE if name_of(path) != "models/folding.py"])
def test_text_is_looked_for_in_one_place(path):
    """models.folding.found_by finds a name however it is written, alike on SQLite and PostgreSQL."""
    assert not [ast.unparse(call) for call in calls(path) if call.func.attr in SEARCHES]


@each_file([path for path in CODE if name_of(path).startswith("models/")])
def test_names_are_sorted_by_folded(path):
    orders = [each for call in calls(path) if call.func.attr == "order_by" for each in call.args]
    columns = [node for each in orders for node in ast.walk(each) if isinstance(node, ast.Attribute)]
    assert not [ast.unparse(node) for node in columns if {ast.unparse(node), node.attr} & FOLDED]


@each_file(VIEWS)
def test_views_have_no_try(path):
    """A broken rule is a DomainError, and blueprints/errors.py tells the person."""
    exceptions = {"blueprints/public/machinery.py"}  # /healthz says that the database is down
    if name_of(path) not in exceptions:
        assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Try)]


@each_file([path for path in CODE if name_of(path).startswith("models/")])
def test_money_is_never_a_float(path):
    for node in ast.walk(tree_of(path)):
        assert not (isinstance(node, ast.Name) and node.id in ("float", "Float", "Numeric")), node.lineno
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), node.lineno


@each_file([path for path in CODE if not name_of(path).startswith("commands/demonstrations/")])
def test_secrets_do_not_come_from_random(path):
    assert "random" not in {name.split(".")[0] for name in imports(path)}


@each_file([*CHECKED, *(ROOT / "tests").rglob("*.py")])
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text("utf-8").splitlines()) < MOST_LINES.get(name_of(path).split("/")[0], 350)


@each_file(CHECKED)
def test_what_mypy_is_to_ignore_is_named_and_has_a_reason(path):
    for line in path.read_text("utf-8").splitlines():
        assert "type: ignore" not in line or re.search(r"# type: ignore\[[\w-]+\]  # \w", line), line


def calls(path: Path) -> list[ast.Call]:
    return [
        node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def conditions_of_indexes(path: Path) -> list[ast.expr]:
    """What stands after sqlite_where= and postgresql_where=: part of a table, no query."""
    keywords = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.keyword))
    return [each.value for each in keywords if (each.arg or "").endswith("_where")]


def database_sessions(path: Path) -> set[str]:
    """The names under which this file has the database session; Flask's session is another thing."""
    return {
        each.asname or each.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module == "models.base"
        for each in node.names
        if each.name == "session"
    }
