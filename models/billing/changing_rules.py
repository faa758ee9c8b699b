"""One asks for another price or limit of claims, a second person agrees. docs/claim-states.md has the states.

What is asked for is checked twice: when it is asked for, and again, with what holds then, when somebody agrees.
"""

from datetime import date
from typing import Any

from sqlalchemy import Select, select

from models.accounts.conflict import insist_on_none
from models.accounts.directory import person
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.billing.grant import ClaimGrant
from models.billing.limit import ClaimLimit, LimitEffect, LimitKind, end_limit, insist_on_limit, set_limit
from models.billing.pricing import ClaimTerms, insist_on_terms, set_pricing
from models.billing.rule_change import ClaimRuleChange, RuleAct, RuleState
from models.permissions import Permission
from models.records.contract import ServiceLevel

LONGEST = 1_000
OWN = "You have asked for this, so a colleague has to agree to it"


def ask_for_pricing(level: ServiceLevel, terms: ClaimTerms, *, why: str, by: User) -> ClaimRuleChange:
    """Ask that the level is priced so. DomainError where the terms make no sense, or the same already waits."""
    insist_on_terms(level, terms)
    return _ask(ClaimRuleChange(act=RuleAct.PRICING, service_level_id=level.id, terms=terms), why, by)


def ask_for_limit(
    kind: LimitKind, *, level: ServiceLevel | None = None, most_e4: int, effect: LimitEffect, why: str, by: User
) -> ClaimRuleChange:
    """Ask for a limit. DomainError as limit.set_limit."""
    insist_on_limit(kind, level, most_e4)
    asked = ClaimRuleChange(
        act=RuleAct.LIMIT, service_level_id=level.id if level else None, kind=kind, most_e4=most_e4, effect=effect
    )
    return _ask(asked, why, by)


def ask_to_end(limit: ClaimLimit, *, why: str, by: User) -> ClaimRuleChange:
    """Ask that the limit ends. DomainError where it has ended."""
    if limit.ended_at is not None:
        raise DomainError("A colleague has ended this limit already")
    asked = ClaimRuleChange(act=RuleAct.END_LIMIT, limit_id=limit.id, service_level_id=limit.service_level_id)
    return _ask(asked, why, by)


def _ask(asked: ClaimRuleChange, why: str, by: User) -> ClaimRuleChange:
    asked.why = why.strip()[:LONGEST]
    if not asked.why:
        raise DomainError("Say why, so that whoever is to agree knows")
    insist_on_none(by, _concerned(asked))
    for other in session.scalars(ClaimRuleChange.waiting()):
        if _what(other) == _what(asked):
            raise DomainError("This waits for a second person already. Take that back before you ask anew")
    asked.asked_by_id = by.id
    session.add(asked)
    session.flush()
    record("claim_rule.asked", asked, by=by, **_facts(asked))
    return asked


def why_not(asked: ClaimRuleChange, by: User) -> str:
    """Why this person cannot agree to it; empty where they can."""
    if not by.can_at_council(Permission.AGREE_CLAIM_RULES):
        return "A payments manager has to agree to this"
    return OWN if by.id == asked.asked_by_id else ""


def agree(asked: ClaimRuleChange, *, by: User) -> None:
    """Do it. DomainError for whoever has asked, or has a place where the rule is claimed by; where the one who asked
    may not ask any more; where it is decided already, or can no longer be done.
    """
    if words := why_not(asked, by):
        raise DomainError(words)
    insist_on_none(by, _concerned(asked))
    asker = session.scalars(person(asked.asked_by_id)).one()
    if not (asker.is_active and asker.can_at_council(Permission.MANAGE_CLAIM_RULES)):
        raise DomainError(f"{asker.name} may not ask for this any more. Turn it down")
    _decide(asked, RuleState.AGREED, by)
    if asked.terms is not None and asked.level is not None:
        set_pricing(asked.level, **asked.terms.given, by=by)
    elif asked.kind is not None and asked.most_e4 is not None and asked.effect is not None:
        set_limit(asked.kind, level=asked.level, most_e4=asked.most_e4, effect=asked.effect, by=by)
    elif asked.limit is not None:
        end_limit(asked.limit, by=by)
    record("claim_rule.agreed", asked, by=by, **_facts(asked))


def turn_down(asked: ClaimRuleChange, *, why: str, by: User) -> None:
    """It is not done; whoever has asked takes it back so. DomainError without a reason, or where it is decided."""
    why = why.strip()[:LONGEST]
    if not why:
        raise DomainError("Say why, so that the others know")
    is_own = by.id == asked.asked_by_id
    if not is_own and not by.can_at_council(Permission.AGREE_CLAIM_RULES):
        raise DomainError("A payments manager has to turn this down")
    _decide(asked, RuleState.TAKEN_BACK if is_own else RuleState.REFUSED, by, why)
    if is_own:
        record("claim_rule.taken_back", asked, by=by, **_facts(asked))
    else:
        record("claim_rule.turned_down", asked, by=by, **_facts(asked))


def _decide(asked: ClaimRuleChange, state: RuleState, by: User, answer: str = "") -> None:
    values = {"state": state, "decided_at": utc_now(), "decided_by_id": by.id, "answer": answer}
    if not move(asked, ClaimRuleChange.state == RuleState.WAITING, **values):
        reload(asked)
        raise DomainError(f"This is {asked.state.value} already. Look at it again")


def _concerned(asked: ClaimRuleChange) -> Select[int]:
    """Ids of the providers that may claim by the rule, or could once."""
    query = select(ClaimGrant.provider_id).order_by(ClaimGrant.provider_id)
    if asked.service_level_id is not None:
        query = query.where(ClaimGrant.service_level_id == asked.service_level_id)
    return query


def _what(asked: ClaimRuleChange) -> tuple[RuleAct, int | None, LimitKind | None, int | None, date | None]:
    """Two of the same cannot wait at once: of a price the level and its first day, of a limit its kind and level."""
    starts_on = asked.terms.starts_on if asked.terms else None
    return asked.act, asked.service_level_id, asked.kind, asked.limit_id, starts_on


def _facts(asked: ClaimRuleChange) -> dict[str, Any]:
    """For the audit: ids and codes only."""
    facts = {"act": asked.act.value, "limit": asked.limit_id, "kind": asked.kind.value if asked.kind else None}
    return {name: value for name, value in facts.items() if value is not None}
