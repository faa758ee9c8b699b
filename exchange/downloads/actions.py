"""What the council downloads of its inboxes of actions. Internal notes stand in no file."""

from collections.abc import Iterable, Iterator

from exchange.downloads.tabular import Cell
from models.correspondence.action import Action


def actions_data(actions: Iterable[Action]) -> Iterator[tuple[Cell, ...]]:
    yield (
        "Number", "Status", "Title", "Re", "Provider", "Reference", "Type", "Created", "Due", "Last post", "Team",
        "Assigned to", "Taken by", "First answer", "Closed", "Why it was closed",
    )  # fmt: skip
    for each in actions:
        yield (
            each.id, each.status.label, each.title, f"{each.client.full_name} (Client)" if each.client else "Provider",
            each.provider.name, each.provider.reference, each.type.name, each.opened_at, each.due_on,
            each.last_post_at, each.team.name, each.assigned_to_words,
            each.assigned_to.name if each.assigned_to else None, each.answered_at, each.closed_at, each.close_reason,
        )  # fmt: skip
