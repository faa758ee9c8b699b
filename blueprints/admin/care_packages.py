"""Care package line items: the list, and one with its prices, quantities and absences. Whoever may not see clients is
told their references only: no name, no days away, no contribution, no birthday's allowance.
"""

from flask import Blueprint, request, url_for

from blueprints.access import may, me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, get_row_or_404, is_near, page_of, page_of_part
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.sorting import Sorting
from exchange.downloads.commissioned_care import care_data
from exchange.downloads.registers import items_data
from forms.agreements import PaperForm
from forms.registers import ItemSearch
from models.base import session
from models.correspondence.on_paper import agree_on_paper
from models.permissions import Permission
from models.records.agreement import Agreement, agreement_of, terms_of
from models.records.care_package import FACTS, CarePackageLineItem, ItemPrice, ItemQuantity, dated_facts
from models.reports import care_packages, register_parts, registers
from models.reports.registers import SoughtItems
from models.together import read_together

bp = Blueprint("care_packages", __name__, url_prefix="/care-packages")


@bp.get("/")
@requires(Permission.VIEW_LINE_ITEMS)
@reads_client_records
def index():
    form, sorting = ItemSearch(request.args), _sorting()
    page = _page(_chosen(form), sorting) if form.validate() else None
    return render(
        "admin/care_packages/index.html", partial="admin/care_packages/_list.html", form=form, page=page,
        sorting=sorting,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_LINE_ITEMS, fresh=True)
@reads_client_records
def data(ending):
    form = checked(ItemSearch(request.args))
    rows = session.execute(_sorting().of(registers.items(_chosen(form))))
    return table_file("care-packages", items_data(rows, with_names=_sees_clients()), ending)


@bp.get("/commissioned-care.<file:ending>")
@requires(Permission.VIEW_LINE_ITEMS, fresh=True)
@reads_client_records
def commissioned_care(ending):
    """As a provider has it, of all providers: what of this list is authorised, with prices and timetables."""
    form = checked(ItemSearch(request.args))
    rows = session.execute(_sorting().of(_commissioned(_chosen(form)))).all()
    changed = care_packages.last_changed([row.id for row in rows])
    told = care_data(rows, changed, with_names=_sees_clients(), with_provider=True)
    return table_file("commissioned-care", told, ending)


@bp.get("/<int:item_id>")
@requires(Permission.VIEW_LINE_ITEMS)
@reads_client_records
def show(item_id):
    item = get_row_or_404(registers.item(item_id))
    kinds = FACTS if _sees_clients() else (ItemPrice, ItemQuantity)
    agreements, prices, quantities, *of_client = read_together(
        Agreement.of_item(item_id), *dated_facts([item_id], *kinds)
    )
    absences, deductions, allowances = of_client or ((), (), ())
    return render(
        "admin/care_packages/show.html", item=item, prices=prices, quantities=quantities, absences=absences,
        deductions=deductions, allowances=allowances, agreements=agreements,
    )  # fmt: skip


@bp.route("/<int:item_id>/agreements/new", methods=["GET", "POST"])
@requires(Permission.RECORD_AGREEMENTS)
@reads_client_records
def agree(item_id):
    """Record what was agreed on paper: the terms that the page shows."""
    item = get_or_404(CarePackageLineItem.numbered(item_id))
    terms = terms_of(item)
    form = PaperForm(data={"terms": terms.digest})
    if form.validate_on_submit():
        with refusals_on(form):
            agree_on_paper(item, terms, agreed_on=form.agreed_on.day, by_name=form.by_name.data, by=me())
            return done("The agreement is recorded.", then=url_for(".show", item_id=item.id))
    return render(
        "admin/care_packages/agree.html", item=get_row_or_404(registers.item(item_id)), terms=terms, form=form,
        before=agreement_of(item.id),
    )  # fmt: skip


def _sees_clients():
    return may(Permission.VIEW_CLIENTS)


def _commissioned(sought):
    return sought.sort(sought.narrow(care_packages.with_terms())).where(care_packages.is_commissioned())


def _chosen(form):
    return form.chosen(by_name=_sees_clients())


def _sorting():
    return Sorting(register_parts.items_by(by_name=_sees_clients()), usual="client")


def _page(sought, sorting):
    if sought == SoughtItems(by_name=sought.by_name) and is_near():
        return page_of_part(register_parts.items(sought.by_name, sorting.asked))
    return page_of(sorting.of(registers.items(sought)))
