"""Addresses to which mail is refused: whose they are, and having one tried again."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.refusals import stays_on
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import addresses_data
from forms.base import ButtonForm
from forms.people import AddressSearch
from models.accounts import refused_mail
from models.accounts.user import User
from models.base import session
from models.outbox import try_again as try_again_at
from models.permissions import Permission
from models.refused_address import RefusedAddress

bp = Blueprint("refused_addresses", __name__, url_prefix="/refused-addresses")

SORTED_BY: Columns = {
    "address": RefusedAddress.address,
    "name": User.folded_name,
    "refused": RefusedAddress.refused_at,
    "waiting": "waiting",
}


@bp.get("/")
@requires(Permission.HELP_USERS)
def index():
    form, sorting = AddressSearch(request.args), Sorting(SORTED_BY, usual="-refused")
    page = page_of(sorting.of(refused_mail.listed(text=form.text.data.strip()))) if form.validate() else None
    return render(
        "admin/refused_addresses/index.html", partial="admin/refused_addresses/_list.html", form=form, page=page,
        sorting=sorting,
        places=refused_mail.first_places(row.user_id for row in page.items) if page else {},
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.HELP_USERS, fresh=True)
def data(ending):
    form = checked(AddressSearch(request.args))
    found = Sorting(SORTED_BY).of(refused_mail.listed(text=form.text.data.strip()))
    return table_file("refused-addresses", addresses_data(session.execute(found)), ending)


@bp.post("/<int:mark_id>/try-again")
@requires(Permission.HELP_USERS)
@stays_on("admin.refused_addresses.index")
def try_again(mark_id):
    mark, form = get_or_404(RefusedAddress.numbered(mark_id)), ButtonForm()
    if form.validate_on_submit():
        try_again_at(mark, by=me())
    return done(f"What waits for {mark.address} is sent once more", then=url_for(".index"))
