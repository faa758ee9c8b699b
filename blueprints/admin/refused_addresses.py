"""Addresses to which mail is refused: whose they are, and having one tried again."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from forms.base import ButtonForm
from forms.people import AddressSearch
from models.accounts import refused_mail
from models.outbox import try_again as try_again_at
from models.permissions import Permission
from models.refused_address import RefusedAddress

bp = Blueprint("refused_addresses", __name__, url_prefix="/refused-addresses")


@bp.get("/")
@requires(Permission.HELP_USERS)
def index():
    form = AddressSearch(request.args)
    page = page_of(refused_mail.listed(text=form.text.data.strip())) if form.validate() else None
    return render(
        "admin/refused_addresses/index.html", partial="admin/refused_addresses/_list.html", form=form, page=page,
        places=refused_mail.first_places(row.user_id for row in page.items) if page else {},
    )  # fmt: skip


@bp.post("/<int:mark_id>/try-again")
@requires(Permission.HELP_USERS)
def try_again(mark_id):
    mark, form = get_or_404(RefusedAddress.numbered(mark_id)), ButtonForm()
    if form.validate_on_submit():
        try_again_at(mark, by=me())
    return done(f"What waits for {mark.address} is sent once more", then=url_for(".index"))
