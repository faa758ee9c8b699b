"""The items of a claim, each added and edited in a dialog over the claim, or on a page of its own."""

from contextlib import suppress
from itertools import chain

from flask import g, request, url_for

from blueprints.access import may, me, requires, viewed
from blueprints.attachments import send_attachment, sent, takes_files
from blueprints.frame import settings
from blueprints.kept_forms import keep_unsent, opens_alone
from blueprints.lookups import get_or_404, key, one_or_404
from blueprints.pages import done, go_to, refusals_on, render
from blueprints.presses import repeatable
from blueprints.provider.claims import bp
from blueprints.provider.claims.index import loaded
from blueprints.reading import reads_client_records
from forms.base import ButtonForm
from forms.claims import ItemForm, RepeatForm
from forms.trips import TypedTrip
from models.base import DomainError, session
from models.billing import items as verbs
from models.billing.journey import SavedJourney, save_journey
from models.billing.levels import Levels
from models.billing.listing import attached, by_item
from models.billing.quoting import Quote
from models.calendar import today
from models.correspondence.attachment import Attachment
from models.permissions import Permission
from models.records.client import Client
from models.together import read_together

ITEM = "/<int:claim_id>/items/<int:claim_item_id>"
PROVIDER_ITEM = "provider"
GONE = "Somebody else has removed this item. Add it again if it is needed"


@bp.route("/<int:claim_id>/items/new", methods=["GET", "POST"])
@requires(Permission.MAKE_CLAIMS)
@reads_client_records
@takes_files
@opens_alone
def new_item(claim_id):
    """`?of=provider` for one that is about no child."""
    claim = loaded(claim_id)
    form, _ = _offered(claim, ItemForm(data={"spent_on": claim.claimed_on}), request.args.get("of") != PROVIDER_ITEM)
    return _filled_in(claim, None, form)


@bp.route(f"{ITEM}/change", methods=["GET", "POST"])
@requires(Permission.MAKE_CLAIMS)
@reads_client_records
@takes_files
@opens_alone
def change_item(claim_id, claim_item_id):
    """`?why=y` asks why it is right although it was warned of."""
    claim = loaded(claim_id)
    if _is_gone(claim, claim_item_id):
        return _gone(claim)
    item = _item_in(claim, claim_item_id)
    form, files = _offered(claim, ItemForm(data=_as_it_is(item)), item.is_client_item)
    form.has_files = len(files.get(item.id, []))
    form.needs_reason = bool(item.reason) or "why" in request.args
    return _filled_in(claim, item, form, files.get(item.id, []))


@bp.post("/<int:claim_id>/items/amount")
@requires(Permission.MAKE_CLAIMS)
@repeatable
def amount(claim_id):
    """What the item that somebody is filling in comes to: asked for as they type. `?item=12` for one that is there."""
    claim = loaded(claim_id)
    is_of_client = request.args.get("of") != PROVIDER_ITEM
    form, files = _offered(claim, ItemForm(data={"spent_on": claim.claimed_on}), is_of_client)
    asked = request.args.get("item", type=key)
    item = _item_in(claim, asked) if asked else None
    return _drawn(claim, item, form, partial="provider/claims/_amount.html", files=files.get(asked, []))


@bp.post("/<int:claim_id>/items/keep")
@requires(Permission.MAKE_CLAIMS)
@repeatable
def keep_item(claim_id):
    """Keep what is typed of an item, unsent: the script sends it. `?item=12` for one that is there."""
    asked, why = request.args.get("item", type=key), request.args.get("why")
    claim = loaded(claim_id)
    item = _item_in(claim, asked) if asked else None
    there = _here(claim, item, None if request.args.get("of") != PROVIDER_ITEM else PROVIDER_ITEM, why)
    keep_unsent(me().id, there)
    return go_to(there)


@bp.get(ITEM)
@requires(Permission.VIEW_CLAIMS)
@reads_client_records
def item(claim_id, claim_item_id):
    claim, found = _loaded_item(claim_id, claim_item_id)
    changes = claim.status.is_editable and may(Permission.MAKE_CLAIMS)
    return render(
        "provider/claims/item.html", partial="provider/claims/_item_dialog.html", claim=claim, item=found,
        files=session.scalars(Attachment.of(found)).all(), changes=changes,
    )  # fmt: skip


@bp.route(f"{ITEM}/remove", methods=["GET", "POST"])
@requires(Permission.MAKE_CLAIMS)
@reads_client_records
def remove_item(claim_id, claim_item_id):
    claim = loaded(claim_id)
    if _is_gone(claim, claim_item_id):
        return _back(claim, "Somebody else has removed the item already")
    found = _item_in(claim, claim_item_id)
    form = ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.remove_item(claim, found, by=me())
            return _back(claim, f"“{found.description}” is removed")
        claim, found = _loaded_item(claim_id, claim_item_id)
    return render(
        "provider/claims/remove_item.html", partial="provider/claims/_remove_dialog.html", form=form, claim=claim,
        item=found,
    )  # fmt: skip


@bp.route(f"{ITEM}/repeat", methods=["GET", "POST"])
@requires(Permission.MAKE_CLAIMS)
@reads_client_records
def repeat_item(claim_id, claim_item_id):
    claim, found = _loaded_item(claim_id, claim_item_id)
    clients = {str(each.id): each for each in session.scalars(Client.at_provider()) if each.id != found.client_id}
    form = RepeatForm()
    form.offer(clients.values())
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.repeat_item(claim, found, clients[form.client.data], by=me())
            return _back(claim, f"“{found.description}” is there for {clients[form.client.data].full_name} too")
        claim, found = _loaded_item(claim_id, claim_item_id)
    return render(
        "provider/claims/repeat_item.html", partial="provider/claims/_repeat_dialog.html", form=form, claim=claim,
        item=found,
    )  # fmt: skip


@bp.get(f"{ITEM}/files/<int:receipt_id>")
@requires(Permission.VIEW_CLAIMS)
def file(claim_id, claim_item_id, receipt_id):
    _, found = _loaded_item(claim_id, claim_item_id)
    return send_attachment(get_or_404(Attachment.one_of(found, receipt_id)))


@bp.post(f"{ITEM}/files/<int:receipt_id>/take-off")
@requires(Permission.MAKE_CLAIMS)
def detach(claim_id, claim_item_id, receipt_id):
    claim, found = _loaded_item(claim_id, claim_item_id)
    attachment = get_or_404(Attachment.one_of(found, receipt_id))
    verbs.detach(claim, found, attachment, by=me())
    return done("The file is taken off", then=url_for(".change_item", claim_id=claim_id, claim_item_id=claim_item_id))


def _item_in(claim, claim_item_id):
    """The item of that number, if it is the claim's, else 404."""
    return one_or_404([each for each in claim.items if each.id == claim_item_id])


def _loaded_item(claim_id, claim_item_id):
    claim = loaded(claim_id)
    return claim, _item_in(claim, claim_item_id)


def _offered(claim, form, is_client_item):
    """The form with its lists, and the files of the claim, by item."""
    of_levels, of_clients = Levels.queries(claim.provider_id), [Client.at_provider()] if is_client_item else []
    journeys, files, *found = read_together(SavedJourney.listed(), attached(claim), *of_clients, *of_levels)
    clients, told = found[: len(of_clients)], found[len(of_clients) :]
    form.offer(
        Levels.told_by(claim.provider_id, *told).offered(today()), [*chain(*clients)], journeys,
        is_client_item=is_client_item, most_files=settings().files.per_claim_item,
    )  # fmt: skip
    return form, by_item(files)


def _as_it_is(item):
    trips = [
        TypedTrip(each.day, each.from_place, each.to_place, each.purpose, each.miles_e4, each.is_return)
        for each in item.trips
    ]
    return {
        "level": str(item.service_level_id), "description": item.description,
        "client": str(item.client_id) if item.client_id else "", "quantity": None if trips else item.quantity_e4,
        "amount": item.amount_pence, "spent_on": item.spent_on, "trips": trips, "reason": item.reason,
    }  # fmt: skip


def _filled_in(claim, item, form, files=()):
    """The dialog: `choose` only draws it anew, say for another service level or with trips added."""
    choose = request.form.get("choose", "")
    if not choose and sent(form):
        with refusals_on(form):
            return _kept(claim, item, form)
        claim = loaded(claim.id)
        item = next((each for each in claim.items if item and each.id == item.id), None)
        if item:
            form.seen.is_of(verbs.mark_of(item, item.trips), anew=True)
    if choose == "trips":
        form.look_at_new_trip()
        if not form.errors:
            form.take_new_trips()
    partial = "provider/claims/_for_level.html" if choose else "provider/claims/_form_dialog.html"
    return _drawn(claim, item, form, partial=partial, files=files)


def _is_gone(claim, claim_item_id):
    """Somebody presses the button of a page whose item was removed meanwhile."""
    return request.method == "POST" and claim_item_id not in {each.id for each in claim.items}


def _gone(claim):
    """Of an item that somebody else has removed meanwhile: what was typed stands in the form of a new one."""
    form, _ = _offered(claim, ItemForm(), "client" in request.form)
    form.form_errors = [GONE]
    return _drawn(claim, None, form, partial="provider/claims/_form_dialog.html")


def _kept(claim, item, form):
    given = {"files": form.files.taken, "most_files": form.most_files, "by": me()}
    if form.keep_journey.data and (trip := next(iter(form.new_trips), None)) is not None:
        save_journey(
            viewed(), f"{trip.start} to {trip.end}", from_place=trip.start, to_place=trip.end, purpose=trip.purpose,
            miles_e4=trip.miles_e4, is_return=trip.is_return, by=me(),
        )  # fmt: skip
    if item is None:
        verbs.add_item(claim, form.claimed(), **given)
    else:
        verbs.change_item(claim, item, form.claimed(), seen=form.seen.data or "", **given)
    return _back(claim, f"“{form.description.data}” is {'added' if item is None else 'changed'}")


def _drawn(claim, item, form, *, partial, files=()):
    quote = None
    if item:
        form.seen.is_of(verbs.mark_of(item, item.trips))
    if item is not None and request.method == "GET":
        quote = Quote(item.rate_e4, item.quantity_e4, item.amount_pence)  # kept with each change
    elif form.is_enough_to_price:
        with suppress(DomainError):  # what is wrong is said once it is sent
            quote = verbs.quote_for(claim, form.to_price(), item)
    of = None if form.is_client_item else PROVIDER_ITEM
    asks = {"claim_id": claim.id, "of": of, "item": item.id if item else None}
    why = request.args.get("why")
    return render(
        "provider/claims/item_form.html", partial=partial, claim=claim, item=item, form=form, quote=quote,
        here=_here(claim, item, of, why), price_at=url_for(".amount", **asks), today=today(), files=files,
        keep=url_for(".keep_item", **asks, why=why), is_still_kept=g.get("is_still_kept", False),
    )  # fmt: skip


def _here(claim, item, of, why):
    """The address of the form."""
    if item:
        return url_for(".change_item", claim_id=claim.id, claim_item_id=item.id, why=why)
    return url_for(".new_item", claim_id=claim.id, of=of)


def _back(claim, message):
    return done(message, then=url_for(".show", claim_id=claim.id))
