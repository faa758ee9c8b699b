"""What people choose and type about contract documents."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField
from wtforms.validators import DataRequired, InputRequired, Length

from forms.base import FilterForm, FlaskForm
from forms.fields import PasswordField, SeenText, StringField, TextAreaField, tidy, tidy_line
from forms.files import FilesField
from forms.filters import ALL, ChoiceField, FilterDay
from models.base import DomainError
from models.calendar import today
from models.correspondence.attachment import Taken
from models.correspondence.document import DocumentKind, DocumentState
from models.correspondence.document_list import ToMake
from models.correspondence.file_kind import KINDS, LARGEST, in_megabytes

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")
TO_PROVIDER = [each for each in DocumentState if each is not DocumentState.DRAFT]


class DocumentFilter(FilterForm):
    """The filters of Contract Documents: those that wait for an answer, since the first of the month, until somebody
    chooses otherwise.
    """

    kind = ChoiceField("Type", default=ALL)
    state = ChoiceField("Status", default=DocumentState.PUBLISHED.value)
    client = ChoiceField("Client", default=ALL)
    service = ChoiceField("Service", default=ALL)
    since = FilterDay("Updated Since", default=lambda: today().replace(day=1))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.offer((ALL, "[Any]"), *((each.value, each.label) for each in DocumentKind))
        self.state.offer((ALL, "[Any]"), *((each.value, each.label) for each in TO_PROVIDER))
        self.client.offer((ALL, "[Any]"))
        self.service.offer((ALL, "[Any]"))

    def offer(self, clients: Iterable[tuple[int, str]], services: Iterable[tuple[str, str]]) -> None:
        self.client.offer((ALL, "[Any]"), *((str(number), name) for number, name in clients))
        self.service.offer((ALL, "[Any]"), *services)

    @property
    def chosen(self) -> dict[str, Any]:
        """What models.correspondence.document_list takes."""
        return {
            "kind": DocumentKind(self.kind.data) if self.kind.data else None,
            "state": DocumentState(self.state.data) if self.state.data else None,
            "client_id": int(self.client.data) if self.client.data else None,
            "service": self.service.data,
            "since": self.since.data,
        }


class AgreeSeveralForm(FlaskForm):
    """Who logs in without a password here types none."""

    is_authorised = BooleanField("", validators=[DataRequired("Tick that you are authorised, or do not agree")])
    password = PasswordField(
        "Your password", validators=[InputRequired("Enter your password, so that we know it is you")],
    )  # fmt: skip

    def __init__(self, *, provider: str, has_password: bool, **options: Any) -> None:
        super().__init__(**options)
        self.is_authorised.label.text = f"I am authorised to bind {provider}"
        if not has_password:
            del self.password


class AgreeForm(AgreeSeveralForm):
    """`seen`: the SHA-256 of what the page showed."""

    seen = SeenText("The terms")

    def __init__(self, *, seen: str, provider: str, has_password: bool) -> None:
        super().__init__(provider=provider, has_password=has_password, data={"seen": seen})


class RejectForm(FlaskForm):
    seen = SeenText("The terms")
    reason = TextAreaField(
        "Why do you not agree?",
        description="Say what is wrong, and what it should be. The council’s service agreement team reads this",
        filters=[tidy],
        validators=[DataRequired("Say why, so that the council knows what to put right"), LONG],
        render_kw={"rows": 5},
    )

    def __init__(self, *, seen: str) -> None:
        super().__init__(data={"seen": seen})


class WithdrawForm(FlaskForm):
    reason = TextAreaField(
        "Why?",
        description="The provider reads this, if it has been published",
        filters=[tidy],
        validators=[DataRequired("Say why, so that whoever looks for it knows"), LONG],
        render_kw={"rows": 3},
    )


class CouncilDocumentFilter(FilterForm):
    """The filters above the council's list."""

    provider = StringField("Provider", filters=[tidy_line])
    contract = StringField("Contract reference", filters=[tidy_line])
    kind = ChoiceField("Type", default=ALL)
    state = ChoiceField("Status", default=ALL)
    since = FilterDay("Updated Since")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.offer((ALL, "[Any]"), *((each.value, each.label) for each in DocumentKind))
        self.state.offer((ALL, "[Any]"), *((each.value, each.label) for each in DocumentState))

    @property
    def chosen(self) -> dict[str, Any]:
        return {
            "kind": DocumentKind(self.kind.data) if self.kind.data else None,
            "state": DocumentState(self.state.data) if self.state.data else None,
            "provider": self.provider.data,
            "contract": self.contract.data,
            "since": self.since.data,
        }


class ToMakeFilter(FilterForm):
    """Which line items are offered to make agreements of."""

    provider = StringField("Provider", filters=[tidy_line])
    contract = StringField("Contract reference", filters=[tidy_line])
    show = ChoiceField("Show", noun="which", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer(
            (ToMake.MISSING, "Those that need one"), (ToMake.OUTDATED, "Those whose document is out of date"),
            (ToMake.ALL, "All line items"),
        )  # fmt: skip

    @property
    def chosen(self) -> dict[str, Any]:
        return {
            "provider": self.provider.data, "contract": self.contract.data, "which": ToMake(self.show.data),
        }  # fmt: skip


class NextVersionForm(FlaskForm):
    """The next version of a document that is a file."""

    files = FilesField("File", description=f"One file: {KINDS}. {in_megabytes(LARGEST)} at most")
    is_deed = BooleanField("It is a deed: it is signed on paper before a witness, and cannot be agreed here")

    @property
    def one_file(self) -> Taken:
        """DomainError where none was chosen, or more than one."""
        if len(self.files.taken) != 1:
            raise DomainError("Choose one file")
        return self.files.taken[0]


class UploadForm(NextVersionForm):
    provider = StringField(
        "Provider", description="Its reference, or its whole name", filters=[tidy_line],
        validators=[DataRequired("Enter the provider’s reference or name")],
    )  # fmt: skip
    kind = ChoiceField("Type", default=DocumentKind.TERMS.value)
    title = StringField(
        "Title", description="Without anybody’s name: it stands in mails", filters=[tidy_line],
        validators=[DataRequired("Enter the title, like Terms and conditions 2026/27"),
                    Length(max=150, message="Title: use 150 characters or fewer")],
    )  # fmt: skip
    contract = StringField("Contract reference (optional)", filters=[tidy_line])
    client = StringField("Client reference (optional)", filters=[tidy_line])

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        kinds = (DocumentKind.TERMS, DocumentKind.OTHER)
        self.kind.offer(*((each.value, each.label) for each in kinds))
