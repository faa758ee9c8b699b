"""One manager asks that weeks of a service level are paid as planned, or no longer are; a second one agrees.

What is asked for is checked twice: when it is asked for, and again, with what holds then, when somebody agrees.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from models.accounts.conflict import insist_on_none
from models.accounts.directory import person
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.care.rule_change import ActualRuleChange, RuleChangeState
from models.care.ruling import TWO_PEOPLE, insist_on_sense, of_level, providers_of, put_in_place, take_away
from models.permissions import Permission
from models.records.actual_rule import ActualRule, RuleKind
from models.records.contract import ServiceLevel

LONGEST = 1_000
OWN = "You have asked for this, so a colleague has to agree to it"


def ask_for_rule(
    level: ServiceLevel, kind: RuleKind, *, refuses_from: date | None, why: str, by: User
) -> ActualRuleChange:  # fmt: skip
    """Ask that a rule which moves money holds of the level from this day on. DomainError where it makes no sense, holds
    from that day already, or one of its kind waits.
    """
    insist_on_sense(kind, None, refuses_from, None)
    stands = session.scalars(of_level(level.id, kind)).one_or_none()
    if stands is not None and stands.refuses_from == refuses_from:
        raise DomainError("This holds already, from that very day")
    return _ask(ActualRuleChange(service_level_id=level.id, kind=kind, refuses_from=refuses_from), why, by)


def ask_to_end_rule(rule: ActualRule, *, why: str, by: User) -> ActualRuleChange:
    """Ask that a rule which moves money ends."""
    return _ask(ActualRuleChange(service_level_id=rule.service_level_id, kind=rule.kind, refuses_from=None), why, by)


def _ask(asked: ActualRuleChange, why: str, by: User) -> ActualRuleChange:
    asked.why = why.strip()[:LONGEST]
    if asked.kind not in TWO_PEOPLE:
        raise DomainError(f"“{asked.kind.label}” moves no money. Set it, or end it")
    if not asked.why:
        raise DomainError("Say why, so that whoever is to agree knows")
    insist_on_none(by, providers_of(asked.service_level_id))
    if session.scalars(ActualRuleChange.waiting_of(asked.service_level_id, asked.kind)).first() is not None:
        raise DomainError("A change of this rule waits for a second person already. Have that decided first")
    asked.asked_by_id = by.id
    session.add(asked)
    session.flush()
    record("actual_rule.asked", asked, by=by, **_facts(asked))
    return asked


def why_not(asked: ActualRuleChange, by: User) -> str:
    """Why this person cannot agree to it; empty where they can."""
    if not by.can_at_council(Permission.MANAGE_ACTUAL_RULES):
        return "A payments manager has to agree to this"
    return OWN if by.id == asked.asked_by_id else ""


def agree(asked: ActualRuleChange, *, by: User) -> None:
    """Do it, and pay anew whoever it moves. DomainError for whoever has asked, or has a place at a provider that it
    moves; where the one who asked may not ask any more; where it is decided already, or there is nothing to end.
    """
    if words := why_not(asked, by):
        raise DomainError(words)
    insist_on_none(by, providers_of(asked.service_level_id))
    asker = session.scalars(person(asked.asked_by_id)).one()
    if not (asker.is_active and asker.can_at_council(Permission.MANAGE_ACTUAL_RULES)):
        raise DomainError(f"{asker.name} may not ask for this any more. Turn it down")
    _decide(asked, RuleChangeState.AGREED, by)
    level = session.scalars(select(ServiceLevel).where(ServiceLevel.id == asked.service_level_id)).one()
    rule = session.scalars(of_level(level.id, asked.kind)).one_or_none()
    if asked.refuses_from is not None:
        put_in_place(level, asked.kind, refuses_from=asked.refuses_from, by=by)
    elif rule is None:
        raise DomainError("The rule has ended already. Turn this down")
    else:
        take_away(rule, by=by)
    record("actual_rule.agreed", asked, by=by, **_facts(asked))


def turn_down(asked: ActualRuleChange, *, why: str, by: User) -> None:
    """It is not done; whoever has asked takes it back so. DomainError without a reason, or where it is decided."""
    why = why.strip()[:LONGEST]
    if not why:
        raise DomainError("Say why, so that the others know")
    is_own = by.id == asked.asked_by_id
    if not is_own and not by.can_at_council(Permission.MANAGE_ACTUAL_RULES):
        raise DomainError("A payments manager has to turn this down")
    _decide(asked, RuleChangeState.TAKEN_BACK if is_own else RuleChangeState.REFUSED, by, why)
    if is_own:
        record("actual_rule.taken_back", asked, by=by, **_facts(asked))
    else:
        record("actual_rule.turned_down", asked, by=by, **_facts(asked))


def _decide(asked: ActualRuleChange, state: RuleChangeState, by: User, answer: str = "") -> None:
    values = {"state": state, "decided_at": utc_now(), "decided_by_id": by.id, "answer": answer}
    if not move(asked, ActualRuleChange.state == RuleChangeState.WAITING, **values):
        reload(asked)
        raise DomainError(f"This is {asked.state.value} already. Look at it again")


def _facts(asked: ActualRuleChange) -> dict[str, Any]:
    """For the audit: codes and days only."""
    until = asked.refuses_from.isoformat() if asked.refuses_from else "ends"
    return {"kind": asked.kind.value, "level_id": asked.service_level_id, "refuses": until}
