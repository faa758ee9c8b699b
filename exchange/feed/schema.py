"""Every file of a feed, column by column, in the order in which they are written.

docs/feed.md is made of the same words; a test holds the two equal.
"""

from typing import Any

from exchange.feed import kinds
from exchange.feed.kinds import Kind
from exchange.feed.shape import Column, File
from models.calendar import Frequency
from models.payments.purchase_order import PurchaseOrder
from models.payments.sent import SentPayment, with_payment
from models.pricing import Basis, Convention, DeductionKind, PayOnActuals, Unit
from models.records.agreement import Agreement, with_terms
from models.records.care_package import (
    Absence,
    Allowance,
    CarePackageLineItem,
    CollectedBy,
    Deduction,
    ItemPrice,
    ItemQuantity,
)
from models.records.claim import Claim, ClaimItem, ClaimStatus
from models.records.client import Client
from models.records.contract import (
    Calendar,
    CalendarOverride,
    Claimable,
    ConfirmationPolicy,
    Contract,
    ContractRate,
    IfQueried,
    IfUnconfirmed,
    PaymentMethod,
    ServiceLevel,
    VatCode,
)
from models.records.export import AnswerResult, ExportAnswer
from models.records.provider import Contact, Organisation, Provider, ProviderKind, ProviderService, Service

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def own(name: str, *, in_address: bool = False) -> Column:
    """The reference that the finance system gives to a record of this file."""
    note = "its own name, which never changes" + (", and stands in web addresses" if in_address else "")
    return Column(name, kinds.reference(in_address=in_address), "reference", note)


def to(name: str, target: str, note: str = "", *, optional: bool = False) -> Column:
    """A reference to a record of another file."""
    attribute = {"care_package_items.csv": "item_id"}.get(target) or name.removesuffix("_ref") + "_id"
    return Column(name, kinds.link(target), attribute, note, optional)


def must(name: str, kind: Kind, note: str = "", *, attribute: str = "") -> Column:
    return Column(name, kind, attribute or name, note)


def may(name: str, kind: Kind, note: str = "", *, attribute: str = "", default: Any = None) -> Column:
    return Column(name, kind, attribute or name, note, True, default)


def starts_on(note: str = "the first day") -> Column:
    return must("starts_on", kinds.day(), note)


def ends_on(note: str = "the last day, included; empty for no end") -> Column:
    return may("ends_on", kinds.day(), note)


ITEMS = "care_package_items.csv"

FILES: tuple[File, ...] = (
    File("organisations.csv", Organisation, ("reference",), (
        own("organisation_ref"),
        must("name", kinds.line()),
    ), "Organisations that have several providers."),
    File("services.csv", Service, ("reference",), (
        own("service_ref"),
        must("name", kinds.line()),
    ), "Kinds of care that the council buys."),
    File("service_levels.csv", ServiceLevel, ("reference",), (
        own("service_level_ref"),
        to("service_ref", "services.csv"),
        must("name", kinds.line()),
        must("unit", kinds.choice(Unit), "what one unit is"),
        must("convention", kinds.choice(Convention), "`inclusive` pays the last day of a package, the others do not"),
        must("vat_code", kinds.choice(VatCode)),
        must("vat_percent", kinds.percent(), "0 where exempt or zero-rated", attribute="vat_basis_points"),
        may("tolerance_percent", kinds.percent(), "how far an actual may exceed the plan without approval; 0 if empty",
            attribute="tolerance_basis_points", default=0),
        may("pays_frustrated", kinds.yes_no(), "frustrated visits are paid; `no` if empty",
            attribute="is_frustrated_paid", default=False),
        may("allows_extras", kinds.yes_no(), "more than the plan may be paid; `yes` if empty",
            attribute="is_extra_allowed", default=True),
        may("claimable", kinds.choice(Claimable), "whether it may be claimed, for a client or for the provider; "
            "`no` if empty", default=Claimable.NO),
    ), "Priced variants of the services."),
    File("calendars.csv", Calendar, ("reference",), (
        own("calendar_ref"),
        must("name", kinds.line()),
        must("frequency", kinds.choice(Frequency)),
        must("anchor_on", kinds.day(), "the first day of one period; a monthly one begins on the 1st to the 28th"),
        must("confirm_by_days", kinds.whole(-60, 120), "days from a period's first day to the last day to confirm"),
        must("finalise_days", kinds.whole(-60, 120), "days from a period's first day to its finalisation"),
        must("bank_days", kinds.whole(-60, 120), "days from a period's first day to the money in the bank; where that "
             "is no working day, another one near it"),
    ), "How payment periods tile the days, and when each one's work is due."),
    File("calendar_overrides.csv", CalendarOverride, ("calendar_id", "period_first_on"), (
        to("calendar_ref", "calendars.csv"),
        must("period_first_on", kinds.day(), "the first day of the period whose dates move"),
        may("confirm_by", kinds.day(), "empty: as the calendar says"),
        may("finalise_on", kinds.day(), "empty: as the calendar says"),
        may("bank_on", kinds.day(), "empty: as the calendar says; a day that stands here stands as it is"),
    ), "Bank holidays: they move what is due for one period, never its first or last day."),
    File("providers.csv", Provider, ("reference",), (
        own("provider_ref"),
        to("organisation_ref", "organisations.csv", optional=True),
        must("name", kinds.line()),
        must("kind", kinds.choice(ProviderKind)),
        must("address", kinds.lines()),
        may("invoice_address", kinds.lines(), default=""),
        may("delivery_address", kinds.lines(), default=""),
        may("email", kinds.email(), default=""),
        may("phone", kinds.line(60), default=""),
        may("account_ending", kinds.digits(4), "the last digits of the bank account that payments go to, no more: "
            "remittances say them", default=""),
    ), "Carers, homes and branches: each sees only its own data in the portal."),
    File("provider_services.csv", ProviderService, ("provider_id", "service_id", "starts_on"), (
        to("provider_ref", "providers.csv"),
        to("service_ref", "services.csv"),
        starts_on(),
        ends_on(),
    ), "The services that a provider gives.", owner="provider_id", apart=("provider_id", "service_id")),
    File("contacts.csv", Contact, ("reference",), (
        own("contact_ref"),
        to("provider_ref", "providers.csv"),
        must("name", kinds.line()),
        may("position", kinds.line(), default=""),
        may("email", kinds.email(), default=""),
        may("phone", kinds.line(60), default=""),
        may("correspondence", kinds.yes_no(), "letters go to this person; `no` if empty",
            attribute="is_correspondence", default=False),
        ends_on("the last day as a contact, included; empty for no end"),
    ), "People at a provider whom the council knows.", owner="provider_id"),
    File("clients.csv", Client, ("reference",), (
        own("client_ref"),
        Column("surname", kinds.line(100), "surname", "this or the first name may be empty", default="",
               may_be_empty=True),
        Column("first_name", kinds.line(100), "first_name", default="", may_be_empty=True),
        may("born_on", kinds.day()),
    ), "The people whom the care is for."),
    File("contracts.csv", Contract, ("reference",), (
        own("contract_ref", in_address=True),
        to("provider_ref", "providers.csv"),
        must("name", kinds.line()),
        starts_on(),
        ends_on("the last day that is paid, included; empty for no end"),
        must("confirmation", kinds.choice(ConfirmationPolicy), "whether the provider confirms each payment"),
        may("if_unconfirmed", kinds.choice(IfUnconfirmed), "what becomes of a payment that has to be confirmed and was "
            "not by its cut-off: paid, taken as confirmed, or held; `pay` if empty", default=IfUnconfirmed.PAY),
        may("if_queried", kinds.choice(IfQueried), "whether rows that the provider queries are paid meanwhile; "
            "`hold` if empty", default=IfQueried.HOLD),
        must("agreement_required", kinds.yes_no(), "each care package waits for its service agreement",
             attribute="is_agreement_required"),
        may("payment_terms", kinds.line(500), default=""),
    ), "The agreements under which care packages are bought and paid.", owner="provider_id"),
    File("payment_methods.csv", PaymentMethod, ("reference",), (
        own("payment_method_ref"),
        to("contract_ref", "contracts.csv"),
        to("calendar_ref", "calendars.csv"),
        must("pay_on_actuals", kinds.choice(PayOnActuals),
             "`never`: the plan is paid. `always`: what was delivered, once it is confirmed. `until_actual`: the plan "
             "until then. A contract that pays by invoice pays neither; but for `never`, its provider confirms what "
             "was delivered, and its invoices are matched with that"),
        must("basis", kinds.choice(Basis), "`net`: contributions that the provider collects are taken off"),
        may("by_invoice", kinds.yes_no(), "the lines of approved invoices are paid, and nothing by plan or by actuals; "
            "`no` if empty", attribute="is_by_invoice", default=False),
        must("calculate_from", kinds.day(), "the first day that is calculated; earlier ones were paid elsewhere"),
        ends_on(),
    ), "How a contract pays. Methods of one contract do not overlap.", owner="contract_id", apart=("contract_id",)),
    File("rates.csv", ContractRate, ("contract_id", "service_level_id", "starts_on"), (
        to("contract_ref", "contracts.csv"),
        to("service_level_ref", "service_levels.csv"),
        starts_on(),
        ends_on(),
        must("rate", kinds.rate(), "pounds a unit", attribute="rate_e4"),
    ), "What a contract pays for a unit, where the line item has no price of its own.",
        owner="contract_id", apart=("contract_id", "service_level_id")),
    File(ITEMS, CarePackageLineItem, ("reference",), (
        own("item_ref"),
        to("contract_ref", "contracts.csv"),
        to("client_ref", "clients.csv"),
        to("service_level_ref", "service_levels.csv"),
        starts_on(),
        ends_on(),
        may("authorised_on", kinds.day(), "empty: not authorised, and nothing is paid"),
        may("suspended", kinds.yes_no(), "nothing is paid or taken back for now; `no` if empty",
            attribute="is_suspended", default=False),
    ), "Care package line items: who gets what, from when to when.", owner="contract_id"),
    File("item_prices.csv", ItemPrice, ("item_id", "starts_on"), (
        to("item_ref", ITEMS),
        starts_on(),
        ends_on(),
        must("rate", kinds.rate(), "pounds a unit, before deductions", attribute="rate_e4"),
    ), "An item's own prices. An item with none pays its contract's rates.", owner="item_id", apart=("item_id",)),
    File("item_quantities.csv", ItemQuantity, ("item_id", "starts_on"), (
        to("item_ref", ITEMS),
        starts_on(),
        ends_on(),
        must("quantity", kinds.quantity(), "units a week; units a night or a month where the price is by these",
             attribute="quantity_e4"),
        *(
            Column(day, kinds.quantity(), "timetable_e4", "all seven days or none; they add up to the quantity" *
                   (part == 0), optional=True, part=part)
            for part, day in enumerate(WEEKDAYS)
        ),
    ), "Units a week, a night or a month. An item with no quantity has one.", owner="item_id", apart=("item_id",)),
    File("absences.csv", Absence, ("reference",), (
        own("absence_ref"),
        to("item_ref", ITEMS),
        starts_on("the first day away"),
        ends_on("the last day away, included; empty while it is not known"),
        must("reason", kinds.line()),
        must("pay_percent", kinds.whole(0, 100), "what is paid meanwhile"),
    ), "Days away. Absences of one item do not overlap.", owner="item_id", apart=("item_id",)),
    File("allowances.csv", Allowance, ("reference",), (
        own("allowance_ref"),
        to("item_ref", ITEMS),
        must("name", kinds.line()),
        must("due_on", kinds.day(), "paid if the item is paid on that day"),
        must("amount", kinds.money(), attribute="amount_pence"),
    ), "Sums due on one day: a birthday, Christmas.", owner="item_id"),
    File("deductions.csv", Deduction, ("reference",), (
        own("deduction_ref"),
        to("item_ref", ITEMS),
        must("kind", kinds.choice(DeductionKind)),
        must("collected_by", kinds.choice(CollectedBy), "a top-up or nursing care is taken off if it is `provider`"),
        starts_on(),
        ends_on(),
        must("weekly_rate", kinds.rate(), "pounds a week", attribute="weekly_rate_e4"),
        may("assessed", kinds.yes_no(), "`no` while a minimum is taken; `yes` if empty",
            attribute="is_assessed", default=True),
    ), "Client contributions, top-ups and nursing care: what others pay towards the price.", owner="item_id"),
    File("agreements.csv", Agreement, ("item_id", "version"), (
        to("item_ref", ITEMS),
        must("version", kinds.whole(1, 9_999), "a later one takes the place of those before it"),
        must("agreed_on", kinds.day(), "today or earlier"),
        may("agreed_by", kinds.line(), "who agreed for the provider; empty: on paper", attribute="by_name",
            default=""),
    ), "Service agreements that were agreed outside the portal. Their terms are what is on record of the item once the "
        "feed is imported.", owner="item_id", completed=with_terms),
    File("claims.csv", Claim, ("reference",), (
        own("claim_ref"),
        to("provider_ref", "providers.csv"),
        must("claimed_on", kinds.day()),
        may("notes", kinds.line(2_000), default=""),
        must("status", kinds.choice(ClaimStatus, ClaimStatus.ACCEPTED, ClaimStatus.REJECTED)),
        must("decided_on", kinds.day(), "an accepted claim is paid from this day on"),
    ), "One-off claims that have been decided.", owner="provider_id"),
    File("claim_items.csv", ClaimItem, ("reference",), (
        own("claim_item_ref"),
        to("claim_ref", "claims.csv"),
        to("contract_ref", "contracts.csv", "which pays it; of the claim's provider"),
        to("service_level_ref", "service_levels.csv", "one that may be claimed"),
        to("client_ref", "clients.csv", "for a service level that is claimed for a client", optional=True),
        must("description", kinds.line(500)),
        must("spent_on", kinds.day()),
        must("quantity", kinds.quantity(), attribute="quantity_e4"),
        must("rate", kinds.rate(), attribute="rate_e4"),
        must("amount", kinds.money(), "quantity times rate, rounded to the penny", attribute="amount_pence"),
        must("included", kinds.yes_no(), "`no` where the council has left it out", attribute="is_included"),
        may("la_note", kinds.line(2_000), "the council's note to the provider", default=""),
        may("accepted_amount", kinds.money(), "at most the amount; if empty, the amount where the claim is accepted "
            "and the item included, else 0", attribute="accepted_pence"),
    ), "What was claimed, item by item.", owner="claim_id"),
    File("purchase_orders.csv", PurchaseOrder, ("number",), (
        must("number", kinds.whole(1, 999_999_999)),
        to("provider_ref", "providers.csv"),
        to("client_ref", "clients.csv", "empty: the order for the year's one-off claims", optional=True),
        must("financial_year", kinds.financial_year()),
    ), "Numbers that the finance system has given already. Orders without one get the next.", owner="provider_id"),
    File("payments_sent.csv", SentPayment, ("contract_id", "period_first_on", "run_id"), (
        to("contract_ref", "contracts.csv"),
        must("period_first_on", kinds.day(), "the first day of the period that is paid"),
        must("run", kinds.whole(1, 999_999_999), "the number of the payment run that has paid it", attribute="run_id"),
        must("amount", kinds.money(most=100_000_000), "what the run has paid of it", attribute="amount_pence"),
        may("sent_on", kinds.day(), "the day on which it was sent to the bank; this or `in_bank_on` is needed"),
        may("in_bank_on", kinds.day(), "the day on which it is in the provider's bank, once that is known"),
        may("bank_reference", kinds.line(60), "what stands on the provider's bank statement", default=""),
        may("returned_on", kinds.day(), "the day on which the bank returned it"),
        may("return_reason", kinds.line(), "why, as the bank says it; the provider reads it", default=""),
        may("paid_again_on", kinds.day(), "the day on which what was returned is in the provider's bank after all"),
    ), "What has become of money that payment runs have paid: sent, in the bank, returned by the bank, paid again.",
        owner="contract_id", completed=with_payment),
    File("acknowledgements.csv", ExportAnswer, ("number", "file", "row"), (
        must("sequence", kinds.whole(1, 999_999_999), "the number of the export that it answers", attribute="number"),
        may("file", kinds.line(60), "the file of it; empty: the whole export", default=""),
        may("row", kinds.line(100), "the first cell of the row; empty: the whole file", default=""),
        must("result", kinds.choice(AnswerResult), "of the whole export: `accepted` where it was read, whatever rows "
            "are refused"),
        may("reason", kinds.line(500), "why it is refused, for whoever mends it", default=""),
    ), "What the finance system says of the exports that it has read: one row that it has taken each, and one for "
        "whatever it refuses of it."),
)  # fmt: skip

BY_NAME: dict[str, File] = {file.name: file for file in FILES}

MANIFEST = File("manifest.csv", object, ("file", "column"), (
    must("file", kinds.line(), "its name"),
    must("rows", kinds.whole(0, 1_000_000), "how many it has, without the names of the columns and empty rows"),
    must("sha256", kinds.sha256(), "the hash of the file's bytes"),
    may("column", kinds.line(), "a column of money of that file; empty for a file that has none", default=""),
    may("sum", kinds.total(), "the sum of the column, in pounds"),
), "What was sent, so that nothing of it is lost on the way: one row a file and column of money.")  # fmt: skip
"""No part of FILES: its rows are no records."""
