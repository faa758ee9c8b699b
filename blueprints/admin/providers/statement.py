"""The statement of account of one provider, as the council sees it."""

from flask import request

from blueprints.access import requires
from blueprints.admin.providers import bp
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from exchange.downloads.statement import statement_data
from forms.statements import StatementFilter
from models.accounts import directory
from models.permissions import Permission
from models.reports.statement import contracts_of, statement_of


@bp.get("/<int:provider_id>/statement-of-account")
@requires(Permission.VIEW_EVERY_PAYMENT)
def statement(provider_id):
    provider = get_or_404(directory.provider(provider_id))
    form, contracts = _asked(provider_id)
    found = _statement(form, contracts) if form.validate() else None
    return render(
        "admin/providers/statement.html", provider=provider, form=form, contracts=contracts, statement=found,
        lines=page_of(found.lines) if found else None,
    )  # fmt: skip


@bp.get("/<int:provider_id>/statement-of-account.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT)
def statement_file(provider_id, ending):
    provider = get_or_404(directory.provider(provider_id))
    form, contracts = _asked(provider_id)
    rows = statement_data(_statement(checked(form), contracts), contracts)
    return table_file(f"statement-of-account-{provider.reference}", rows, ending)


def _asked(provider_id):
    contracts, form = contracts_of(provider_id), StatementFilter(request.args)
    form.offer((reference, f"{name} ({reference})") for name, reference in contracts.values())
    return form, contracts


def _statement(form, contracts):
    wanted = [id_ for id_, (_, reference) in contracts.items() if form.contract.data in ("", reference)]
    return statement_of(wanted, form.first_on, form.last_on)
