"""Holding and releasing several payments at once, with one reason."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.payments import bp
from blueprints.lookups import PER_PAGE, key
from blueprints.pages import render, render_once
from forms.council_payments import HoldManyForm, ReleaseForm
from models.base import session
from models.payments import officer
from models.payments.hold import still_held
from models.payments.worklist import numbered
from models.permissions import Permission
from models.words import how_many


@bp.route("/hold-many", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
def hold_many():
    return _many(
        officer.hold_each, HoldManyForm(), title="Hold several payments", button="Hold all of them", did="Held",
        words="What is held stays calculated, and no run pays it until it is released. What cannot be held is named, "
        "and the others are held all the same.",
    )  # fmt: skip


@bp.route("/release-many", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
def release_many():
    return _many(
        officer.release_each, ReleaseForm(), title="Release several payments", button="Release all of them",
        did="Released",
        words="Holds of whole payments are released. Held and queried rows stay: each needs its own answer. What is "
        "released out of a standing hold is not held by it again.",
    )  # fmt: skip


def _many(act, form, *, did, **about):
    ids = request.values.getlist("payment", type=key)
    rows = session.execute(numbered(ids[:PER_PAGE])).all()
    shown = {"form": form, "did": did, "left_out": max(len(ids) - PER_PAGE, 0), "still": {}, **about}
    if not rows or not form.validate_on_submit():
        return render("admin/payments/many.html", rows=rows, refused=None, **shown)
    refused = act([row.ScheduledPayment.id for row in rows], by=me(), reason=form.reason.data)
    rows = session.execute(numbered(ids[:PER_PAGE]).execution_options(populate_existing=True)).all()
    said = f"{how_many(len(rows) - len(refused), 'payment')} {did.lower()}"
    if act is officer.release_each:
        shown["still"] = still_held(row.ScheduledPayment.id for row in rows if row.ScheduledPayment.id not in refused)
        said += f", of which {len(shown['still'])} still held" if shown["still"] else ""
    said += f", {len(refused)} not" if refused else ""
    return render_once(
        "admin/payments/many.html", then=url_for(".index"), lost=f"{said}. Open a payment to see what became of it",
        rows=rows, refused=refused, said=said, **shown,
    )  # fmt: skip
