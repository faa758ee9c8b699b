"""Random histories of a provider whose contracts wait for agreements: see tests/support/histories.py."""

from datetime import date, timedelta

from sqlalchemy import select

from models.calendar import as_on
from models.payments.agreeing import agree, start_gate
from models.records.agreement import AgreementSource, terms_of
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from tests.support.histories import START, Office
from tests.support.rows import unit_of_work


class GatedOffice(Office):
    """Most items are agreed now and then, as the facts are on that day; and gates are begun on other days."""

    def _contract(self) -> Contract:
        contract = super()._contract()
        self._facts(Contract, contract, is_agreement_required=True, gate_from=self._gate())
        return contract

    def _gate(self) -> date | None:
        return self.rng.choice([None, None, START + timedelta(days=self.rng.randint(0, 60))])

    def step(self) -> str:
        if (drawn := self.rng.random()) > 0.2:
            return super().step()
        with as_on(self.day):
            return self._agree() if drawn > 0.02 else self._start_gate()

    def _agree(self) -> str:
        with unit_of_work() as session:
            query = select(CarePackageLineItem).where(CarePackageLineItem.id == self._any_item().id)
            item = session.scalars(query).one()
            agree(item, terms_of(item), agreed_on=self.day, by_name="", source=AgreementSource.PAPER, by=None)
        return "agree"

    def _start_gate(self) -> str:
        with unit_of_work() as session:
            contract = session.scalars(select(Contract).where(Contract.id == self._any_contract().id)).one()
            start_gate(contract, from_on=self._near(), by=self.officer)
        return "start_gate"
