"""The verbs of agreements: what waits for one is calculated at once."""

from datetime import date

from models.agreed_terms import AgreedTerms
from models.audit import Actor, record
from models.base import DomainError, reload, session
from models.calendar import FAR_FUTURE, in_words
from models.payments.calculation import calculate, lock
from models.records.agreement import Agreement, AgreementSource, record_agreement
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract


def agree(
    item: CarePackageLineItem,
    terms: AgreedTerms,
    *,
    agreed_on: date,
    by_name: str,
    source: AgreementSource,
    by: Actor | None,
    version: int | None = None,
) -> Agreement:
    """Record an agreed version, and calculate its provider's payments: what waited for it is in the current payment.
    DomainError as record_agreement says.
    """
    lock([item.provider_id])
    agreement = record_agreement(
        item, terms, agreed_on=agreed_on, by_name=by_name, source=source, version=version, by=by
    )  # fmt: skip
    calculate([item.provider_id])
    return agreement


def start_gate(contract: Contract, *, from_on: date | None, by: Actor) -> None:
    """Payments of this contract that begin on `from_on` or later wait for agreements from now on; None: none does, the
    gate is not started. Calculates its provider's payments. DomainError where that is how it stands already.
    """
    lock([contract.provider_id])
    reload(contract)
    gate_from = from_on or FAR_FUTURE
    if contract.gate_from == gate_from:
        when = f"already begins on {in_words(from_on)}" if from_on else "is not started"
        raise DomainError(f"The gate of this contract {when}. Load the page again to see how it stands")
    contract.gate_from = gate_from
    session.flush()
    record("contract.gate_set", contract, by=by, gate_from=gate_from.isoformat())
    calculate([contract.provider_id])
