"""What is told of what people write: actions with their posts, without internal notes, and changes asked for."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from exchange.outbound.invoices import invoice_ref
from exchange.outbound.shape import DAY, REFERENCE, TEXT, WORD, Cells, Out, OutFile, OutKind, text_of
from models.correspondence.action import Action
from models.correspondence.action_post import ActionPost
from models.correspondence.action_type import ActionTeam, ActionType
from models.correspondence.detail_change import DetailChange
from models.records.client import Client
from models.records.contract import Contract
from models.records.export import moment_of
from models.records.provider import Contact, Provider

ACTION_REF = Out("action_ref", REFERENCE, "its own name")


def _actions() -> Select:
    action = Action
    says = action.holder, ":", action.team_id, ":", action.due_on, ":", moment_of(action.closed_at)
    version = text_of(*says, ":", moment_of(action.closure_asked_at))
    return select(action.id.label("record_id"), version.label("version"), text_of("A", action.id).label("reference"))


def _rows_of_actions() -> Select:
    action = Action
    return (
        select(action.id, text_of("A", action.id), Provider.reference, ActionType.reference, action.title,
               Client.reference, Contract.reference, action.payment_first_on, action.event_on, action.event_until,
               action.opened_at, action.holder, ActionTeam.name, action.due_on, action.closed_at, action.close_reason,
               sa.case((action.invoice_id.is_not(None), invoice_ref(action.invoice_id))))
        .join(Provider, Provider.id == action.provider_id)
        .join(ActionType, ActionType.id == action.type_id)
        .join(ActionTeam, ActionTeam.id == action.team_id)
        .outerjoin(Client, Client.id == action.client_id)
        .outerjoin(Contract, Contract.id == action.contract_id)
    )  # fmt: skip


ACTIONS = OutKind("action", _actions, (
    OutFile("actions.csv", (
        ACTION_REF,
        Out("provider_ref", REFERENCE),
        Out("type", REFERENCE, "the reference of its type"),
        Out("title", TEXT),
        Out("client_ref", REFERENCE, "empty where it is about the provider"),
        Out("contract_ref", REFERENCE),
        Out("payment_first_on", DAY, "the first day of the period whose payment it is about"),
        Out("event_on", DAY, "the day of what it reports: a death, a hospital stay, a departure"),
        Out("event_until", DAY),
        Out("opened_on", DAY),
        Out("held_by", WORD, "`council` or `provider`: who has to go on with it"),
        Out("team", TEXT, "the council's team that has it, or gets it back"),
        Out("due_on", DAY, "the last day that is in time"),
        Out("closed_on", DAY, "empty while it is open"),
        Out("close_reason", TEXT),
        Out("invoice_ref", REFERENCE, "the invoice or credit note that it is about"),
    ), "Actions and change requests, and again whenever one passes to the other side or to another team, is closed or "
        "opened again.", (_rows_of_actions,)),
))  # fmt: skip


def _posts() -> Select:
    reference = text_of("P", ActionPost.id)
    return select(ActionPost.id.label("record_id"), text_of().label("version"), reference.label("reference"))


def _rows_of_posts() -> Select:
    post = ActionPost
    query = select(
        post.id, text_of("P", post.id), text_of("A", post.action_id), Provider.reference, post.side, post.kind,
        ActionTeam.name, post.at, post.text,
    )  # fmt: skip
    return query.join(Provider, Provider.id == post.provider_id).join(ActionTeam, ActionTeam.id == post.team_id)


POSTS = OutKind("action_post", _posts, (
    OutFile("action_posts.csv", (
        Out("post_ref", REFERENCE, "its own name"),
        ACTION_REF,
        Out("provider_ref", REFERENCE),
        Out("side", WORD, "`council` or `provider`: who wrote it"),
        Out("kind", WORD, "`opened`, `comment`, `reply`, `closure`, `not_solved`, `passed_on`, `closed` or `reopened`"),
        Out("team", TEXT, "the council's team that writes, or to which the provider writes"),
        Out("written_on", DAY),
        Out("text", TEXT),
    ), "What both sides have written in actions. Internal notes are not sent.", (_rows_of_posts,)),
))  # fmt: skip


def _changes() -> Select:
    reference = text_of("CH", DetailChange.id)
    version = text_of(DetailChange.state)
    return select(DetailChange.id.label("record_id"), version.label("version"), reference.label("reference"))


def _rows_of_changes() -> Select:
    change = DetailChange
    return (
        select(change.id, text_of("CH", change.id), Provider.reference, change.kind, Contact.reference,
               change.wanted_on, change.asked_at, change.note, change.state, change.decided_at, change.reason)
        .join(Provider, Provider.id == change.provider_id)
        .outerjoin(Contact, Contact.id == change.contact_id)
    )  # fmt: skip


def _rows_of_fields() -> Select:
    return select(DetailChange.id, DetailChange)


def _fields(found: Any) -> Iterator[Cells]:
    _, change = found
    for name, before, after in change.fields:
        yield f"CH{change.id}", name, _told(before), _told(after)


def _told(value: Any) -> str | None:
    """As text, whatever a field holds."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


CHANGES = OutKind("detail_change", _changes, (
    OutFile("changes_asked.csv", (
        Out("change_ref", REFERENCE, "its own name"),
        Out("provider_ref", REFERENCE),
        Out("kind", WORD, "`organisation`, `contact`, `new_contact` or `contact_leaves`"),
        Out("contact_ref", REFERENCE),
        Out("wanted_on", DAY, "from when it is to hold"),
        Out("asked_on", DAY),
        Out("note", TEXT),
        Out("state", WORD, "`waiting`, `done` (the council has made it), `refused` or `withdrawn`"),
        Out("decided_on", DAY),
        Out("reason", TEXT, "why it was refused"),
    ), "Changes of their details that providers ask for, and again once they are decided.", (_rows_of_changes,)),
    OutFile("change_fields.csv", (
        Out("change_ref", REFERENCE),
        Out("field", TEXT, "as people call it"),
        Out("before", TEXT, "what was held when it was asked for"),
        Out("after", TEXT, "what it should be"),
    ), "The fields of these changes.", (_rows_of_fields,), _fields),
))  # fmt: skip
