"""Why invoices may be held, and the figures of late payment: data that a manager keeps."""

from flask import url_for

from blueprints.access import may, me, requires
from blueprints.admin.invoices import bp
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.refusals import stays_on
from forms.council_invoices import FigureForm, ReasonForm, shown_value
from models.base import session
from models.billing import invoice_rules as verbs
from models.billing.invoice_clock import Figures
from models.calendar import today
from models.permissions import Permission
from models.records.invoice_rule import HoldReason, LateFigure


@bp.get("/rules")
@requires(Permission.VIEW_EVERY_INVOICE)
def rules():
    figures = session.scalars(LateFigure.every()).all()
    return render(
        "admin/invoices/rules.html",
        reasons=session.scalars(HoldReason.every()).all(),
        figures=figures,
        lacks=Figures(figures).lacks_base_rate_of(today()),
        shown_value=shown_value,
        manages=may(Permission.MANAGE_INVOICE_RULES),
    )  # fmt: skip


@bp.route("/rules/reasons/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_INVOICE_RULES)
def new_reason():
    form = ReasonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.add_reason(form.text, by=me())
            return done(f"“{form.name.data}” is a reason to hold now", then=url_for(".rules"))
    return render("admin/invoices/reason.html", form=form, reason=None, title="Add a reason to hold")


@bp.route("/rules/reasons/<int:reason_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_INVOICE_RULES)
def change_reason(reason_id):
    reason = get_or_404(HoldReason.numbered(reason_id))
    form = ReasonForm(obj=reason)
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.change_reason(reason, form.text, by=me())
            return done(f"“{form.name.data}” is changed", then=url_for(".rules"))
        reason = get_or_404(HoldReason.numbered(reason_id))
    return render("admin/invoices/reason.html", form=form, reason=reason, title="Change a reason to hold")


@bp.post("/rules/reasons/<int:reason_id>/end")
@requires(Permission.MANAGE_INVOICE_RULES)
@stays_on("admin.invoices.rules")
def end_reason(reason_id):
    reason = get_or_404(HoldReason.numbered(reason_id))
    verbs.end_reason(reason, by=me())
    return done(f"“{reason.name}” is no longer offered", then=url_for(".rules"))


@bp.route("/rules/figures/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_INVOICE_RULES)
def new_figure():
    form = FigureForm(data={"starts_on": today()})
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.enter_figure(
                form.late_kind, form.starts_on.day, form.value, form.instrument.data,
                from_pence=form.from_pence.data or 0, by=me(),
            )  # fmt: skip
            return done("The figure is on record", then=url_for(".rules"))
    return render("admin/invoices/figure.html", form=form)
