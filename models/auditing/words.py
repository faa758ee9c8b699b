"""What the audit knows of: every action, the group in which a page offers it, and what it is in plain words.

The words go on after a person's name: "Dawn Stockton" "confirmed a payment".
"""

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    LOG_IN = "logging in"
    REFUSALS = "refusals"
    READS = "records and details seen"
    PEOPLE = "people and their access"
    ORGANISATION = "details of providers"
    ACTIONS = "actions and change requests"
    DOCUMENTS = "contract documents"
    PAYMENTS = "payments"
    CLAIMS = "one-off claims"
    ACTUALS = "actuals, visits and timesheets"
    INVOICES = "invoices and credit notes"
    RUNS = "payment runs and imports"
    AUDIT = "the audit itself"

    @property
    def label(self) -> str:
        return self.value[:1].upper() + self.value[1:]


@dataclass(frozen=True)
class AuditAction:
    name: str
    group: Group
    words: str


_WORDS = {
    Group.LOG_IN: {
        "login.password_accepted": "gave the right password",
        "login.code_sent": "was sent a code by e-mail",
        "login.recovery_code_used": "used a recovery code",
        "login.identity_accepted": "was vouched for by the council’s identity provider",
        "user.logged_in": "logged in",
        "user.logged_out": "logged out",
        "user.logged_out_everywhere": "ended sessions",
    },
    Group.REFUSALS: {
        "login.refused": "was refused: e-mail address and password",
        "login.alarm": "gave the alarm: many wrong passwords",
        "login.throttled": "was refused unread, after too many tries",
        "login.barred": "was refused, while the account is closed to new devices",
        "login.code_refused": "was refused: code from an e-mail",
        "login.step_refused": "was refused: second step",
        "login.passkey_copied": "was refused: a passkey that may have been copied",
        "login.identity_refused": "was refused, though the council’s identity provider vouched",
        "access.refused": "was refused a page",
        "access.conflict": "was refused: a place at the provider, now or before",
        "access.not_found": "asked for a record that is not there, or not theirs",
        "membership.refused": "refused somebody access to a provider",
    },
    Group.READS: {
        "client_record.read": "saw clients’ records",
        "client.file_released": "released the file of all that is held on a client",
        "contact_details.seen": "saw addresses, telephone numbers or e-mail addresses",
        "provider.seen": "looked at a provider",
        "file.opened": "opened a file that somebody attached",
        "file.missing": "found a file that is on record and not in the store",
        "file.infected": "found a virus in a file, which is removed",
        "file.refused_for_virus": "sent a file with a virus, which was refused",
        "read_alarm.raised": "raised the alarm: very many clients opened within an hour",
        "read_alarm.looked_at": "looked at an alarm about clients opened",
        "provider.page_seen": "saw a provider’s page as the provider sees it",
        "provider.looked_at": "began to look at a provider’s pages",
        "provider.looked_away": "stopped looking at a provider’s pages",
    },
    Group.PEOPLE: {
        "user.added": "added a person",
        "user.disabled": "switched a login off",
        "user.enabled": "switched a login on again",
        "user.unlocked": "unlocked a login",
        "refused_address.marked": "was told that mail to an address is refused for good",
        "refused_address.tried_again": "had an address tried again to which mail was refused",
        "refused_address.works": "was told that mail to an address arrives again",
        "user.email_changed": "changed the e-mail address of a login",
        "user.identity_linked": "linked a login with the council’s identity provider",
        "user.password_changed": "changed their password",
        "user.temporary_password_given": "gave a temporary password",
        "user.notifications_chosen": "chose which e-mails they get",
        "user.security_code_set": "chose their security code",
        "user.security_code_changed": "changed their security code",
        "user.authenticator_set": "set up their authenticator app",
        "user.authenticator_changed": "changed their authenticator app",
        "passkey.added": "added a passkey to their login",
        "passkey.renamed": "renamed a passkey of their login",
        "passkey.removed": "removed a passkey from their login",
        "user.recovery_codes_changed": "made new recovery codes",
        "user.second_step_reset": "took back a second step",
        "membership.added": "gave a person a place at a provider",
        "membership.granted": "granted a person access to a provider",
        "membership.role_changed": "changed a person’s role at a provider",
        "membership.removed": "took a person’s place at a provider away",
        "access.reviewed": "reviewed who has access",
        "staff.added": "gave a person a role at the council",
        "staff.role_changed": "changed a person’s role at the council",
        "staff.removed": "took a person’s role at the council away",
        "staff_request.asked": "asked for something to be done to a colleague’s account",
        "staff_request.agreed": "agreed to what was asked for a colleague’s account",
        "staff_request.turned_down": "turned down what was asked for a colleague’s account",
        "staff_request.taken_back": "took back what they had asked for a colleague’s account",
        "staff_request.expired": "let what was asked for a colleague’s account expire",
    },
    Group.ORGANISATION: {
        "detail_change.asked": "asked for a change of details",
        "detail_change.done": "made a change of details that was asked for",
        "detail_change.refused": "refused a change of details",
        "detail_change.withdrawn": "withdrew a change of details",
    },
    Group.ACTIONS: {
        "action.opened": "created an action",
        "action.comment": "commented in an action",
        "action.reply": "replied in an action",
        "action.closure": "asked to close an action",
        "action.not_solved": "said that a closed action is not solved",
        "action.closed": "closed an action",
        "action.reopened": "opened a closed action again",
        "action.passed_on": "passed an action to another team",
        "action.taken": "took an action",
        "action.assigned": "assigned an action to a colleague, or to nobody",
        "action.noted": "wrote an internal note about an action",
        "action_type.added": "added a type of action",
        "action_type.changed": "changed a type of action",
        "action_type.retired": "said from when a type of action is not offered, or that it is again",
        "action_team.added": "added a team that answers actions",
        "action_team.changed": "changed a team that answers actions",
        "action_team.retired": "said from when a team takes no actions, or that it does again",
        "kept_reply.added": "kept a text for answers to actions",
        "kept_reply.changed": "changed a kept text for answers to actions",
        "kept_reply.removed": "removed a kept text for answers to actions",
    },
    Group.DOCUMENTS: {
        "document.made": "made a contract document, or a draft again",
        "document.published": "published a contract document",
        "document.chased": "reminded a provider of a contract document",
        "document.overtaken": "recorded an agreement on paper, which took the place of a contract document",
        "document.withdrawn": "withdrew a contract document",
        "document.agreed": "agreed to a contract document",
        "document.rejected": "rejected a contract document",
    },
    Group.PAYMENTS: {
        "payment.confirmed": "confirmed a payment",
        "payment.rejected": "rejected a payment",
        "payment.confirmed_by_silence": "took silence for confirmation",
        "payment.sent_back": "sent a payment back to the provider",
        "payment.confirmation_waived": "let a payment be paid unconfirmed",
        "payment.rejection_taken_back": "took a rejection back",
        "payment.paid_as_it_is": "let a payment be paid as it is",
        "payment.kept_back_again": "kept a payment back again",
        "hold.placed_by_officer": "held a payment or a row",
        "hold.placed_by_query": "queried a row of a payment",
        "hold.answered": "wrote to a provider about a query or a hold",
        "hold.released": "released what was held",
        "hold.went_over": "held the payment that took the place of one that was held",
        "standing_hold.begun": "began a standing hold",
        "standing_hold.changed": "changed a standing hold",
        "standing_hold.ended": "ended a standing hold",
        "standing_hold.applied": "held payments as a standing hold says",
        "payment.rejection_went_over": "kept back the payment that took the place of a rejected one",
        "payment.moves_lost": "removed a payment whose days were moved, with its period",
        "payment.days_moved": "moved days of a payment",
        "payment.paid_now": "made a payment due at once",
        "adjustment.made": "adjusted a payment",
        "adjustment.seen": "saw an adjustment that somebody else made",
        "adjustment.cancelled": "cancelled an adjustment",
        "recovery_plan.agreed": "agreed instalments",
        "recovery_plan.ended": "ended instalments",
        "bank_statement.matched": "found payments on a bank’s statement",
        "calendar_address.made": "made an address of their deadlines",
        "calendar_address.taken_back": "took back the address of their deadlines",
        "debt.repaid": "recorded a repayment",
        "debt.surplus_settled": "settled what was repaid above a debt",
        "debt.moved": "moved a debt to another contract",
        "write_off.asked": "asked for a write-off",
        "write_off.agreed": "agreed to a write-off",
        "write_off.refused": "refused a write-off",
        "write_off.withdrawn": "withdrew a write-off",
        "contract.gate_set": "said from when a contract’s payments wait for agreements",
        "agreement.recorded": "recorded an agreed version of a service agreement",
    },
    Group.ACTUALS: {
        "visit.allotted": "allotted a visit to a line item",
        "actual_week.taken_from_visits": "took the figures of a week from visits",
        "upload.received": "uploaded a file of actuals, workers or visits",
        "upload.columns_matched": "said which column of an uploaded file is which",
        "upload.value_mended": "said what a value means wherever it stands in a column",
        "upload.mend_forgotten": "took back what a value in a column means",
        "upload.applied": "applied the rows of an uploaded file",
        "upload.discarded": "discarded an uploaded file",
        "actual_week.generated": "began a week of actuals",
        "actual_week.refreshed": "took over changes of the plan into a week of actuals",
        "actual_week.confirmed": "confirmed a week of actuals",
        "actual_week.reopened": "opened a week of actuals again",
        "actual_exception.approved": "approved an exception of actuals",
        "actual_exception.amended": "amended an exception of actuals",
        "actual_exception.rejected": "rejected an exception of actuals",
        "actual_exception.variation_asked": "asked for a variation of a care package because of actuals",
        "actual_week.chased": "reminded a provider of weeks of actuals",
        "timesheet.begun": "began a timesheet",
        "timesheet.filled": "said what was delivered on a day of a timesheet",
        "timesheet.as_planned": "set a timesheet as planned",
        "timesheet.explained": "said why days of a timesheet were not as planned",
        "timesheet.sent": "sent a timesheet",
        "timesheet.taken_back": "took a timesheet back to correct it",
        "timesheet.verified": "verified a timesheet",
        "timesheet.returned": "returned a timesheet to its provider",
        "timesheet.approved": "approved a timesheet",
        "actual_rule.set": "set a rule of actuals",
        "actual_rule.ended": "ended a rule of actuals",
        "actual_rule.asked": "asked for a rule of actuals that changes what is paid",
        "actual_rule.agreed": "agreed to a rule of actuals that changes what is paid",
        "actual_rule.turned_down": "turned down a rule of actuals that changes what is paid",
        "actual_rule.taken_back": "took back a rule of actuals that they had asked for",
        "actual_exception.overtaken": "confirmed another figure in place of one that waited for the council",
    },
    Group.CLAIMS: {
        "claim.made": "began a claim",
        "claim.changed": "changed a claim",
        "claim.copied": "copied a claim",
        "claim.item_added": "added an item to a claim",
        "claim.item_changed": "changed an item of a claim",
        "claim.item_removed": "removed an item of a claim",
        "claim.submitted": "sent a claim to the panel",
        "claim.withdrawn": "withdrew a claim",
        "claim.accepted": "accepted a claim",
        "claim.accepted_in_part": "accepted a claim in part",
        "claim.rejected": "rejected a claim",
        "claim.returned": "returned a claim for information",
        "claim_grant.given": "approved a provider to claim",
        "claim_grant.ended": "said when a provider may no longer claim",
        "claim_limit.set": "set a limit of claims",
        "claim_limit.ended": "ended a limit of claims",
        "claim_pricing.set": "said how claims are priced",
        "claim_rule.asked": "asked for another price or limit of claims",
        "claim_rule.agreed": "agreed to another price or limit of claims",
        "claim_rule.turned_down": "turned down another price or limit of claims",
        "claim_rule.taken_back": "took back what they had asked for of the price or limit of claims",
        "journey.saved": "saved a journey",
        "journey.forgotten": "removed a saved journey",
    },
    Group.INVOICES: {
        "invoice.made": "began an invoice",
        "invoice.changed": "changed an invoice",
        "invoice.removed": "removed a draft of an invoice",
        "invoice.submitted": "sent an invoice",
        "invoice.mended": "mended an invoice and sent it again",
        "invoice.cancelled": "cancelled an invoice",
        "invoice.held": "put an invoice on hold",
        "invoice.released": "released an invoice",
        "invoice.approved": "approved an invoice",
        "invoice.rejected": "rejected an invoice",
        "hold_reason.added": "added a reason to hold invoices",
        "hold_reason.changed": "changed a reason to hold invoices",
        "hold_reason.ended": "ended a reason to hold invoices",
        "late_figure.entered": "entered a figure of late payment",
    },
    Group.RUNS: {
        "job.calculate_asked_for": "asked for a calculation",
        "job.prepare_asked_for": "asked for a payment run",
        "job.finalise_asked_for": "asked for a run to be finalised",
        "job.feed_asked_for": "asked for the import of the feed",
        "job.export_asked_for": "asked for an export to the finance system",
        "job.verify_asked_for": "asked for a verification",
        "job.audit_head_asked_for": "asked for the head of the audit",
        "job.digest_asked_for": "asked for the digest of work",
        "job.reminders_asked_for": "asked for reminders to providers",
        "job.report_asked_for": "asked for a report as a file",
        "job.upload_asked_for": "had a long uploaded file checked or applied",
        "care_relief.entered": "entered the figures of care relief for a tax year",
        "care_relief.corrected": "corrected the figures of care relief for a tax year",
        "care_relief.checked": "checked the figures of care relief for a tax year",
        "payment_run.prepared": "prepared a payment run",
        "payment_run.ticked": "ticked exceptions of a payment run",
        "payment_run.first_authorised": "authorised a payment run, the first of two people",
        "payment_run.authorised": "authorised a payment run",
        "payment_run.taken_up": "went on with a payment run that was broken off",
        "payment_run.discarded": "discarded a payment run",
        "payment_run.sent_back": "sent a payment run back",
        "payment_run.withdrawn": "withdrew a payment run",
        "payment_run.finalised": "finalised a payment run",
        "feed.imported": "imported a feed",
        "export.written": "wrote an export to the finance system",
        "export.sent_again": "had an export sent again",
        "export.refused_sent_again": "had refused records sent again",
        "export.downloaded": "took an export to the finance system away",
        "bank_holiday.added": "put a day on the list of bank holidays",
        "bank_holiday.renamed": "renamed a bank holiday",
        "bank_holiday.removed": "took a day off the list of bank holidays",
    },
    Group.AUDIT: {
        "portal.made_up": "said that the data of this portal are made up",
        "portal.proxies_wrong": "saw proxies in front other than the settings say",
        "audit.exported": "downloaded events of the audit",
        "people.exported": "downloaded the list of people",
    },
}

ACTIONS = {
    name: AuditAction(name, group, words) for group, actions in _WORDS.items() for name, words in actions.items()
}


def words_of(action: str) -> str:
    """In plain words; an action of a version that is gone as it was called."""
    return ACTIONS[action].words if action in ACTIONS else action


def actions_of(group: Group) -> list[str]:
    return list(_WORDS[group])
