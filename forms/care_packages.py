"""What people look for among care package line items."""

from wtforms import BooleanField
from wtforms.widgets import SearchInput

from forms.base import FilterForm
from forms.fields import StringField, tidy_line
from forms.filters import ALL, ChoiceField
from models.records.care_package import ItemStatus
from models.reports.care_packages import Offered, WantedItems

MOST_CLIENTS = 60
"""So many clients are offered in a pick list. Where there are more, they are found by typing only."""


class CareFilter(FilterForm):
    """The filters of Care Package Line Items (S2-025). Without Include Historical, an item that ended more than 28 days
    ago is left out.
    """

    text = StringField("Client or reference", filters=[tidy_line], widget=SearchInput())
    service = ChoiceField("Service", default=ALL)
    contract = ChoiceField("Contract", default=ALL)
    client = ChoiceField("Client", default=ALL)
    status = ChoiceField("Status", default=ALL)
    historical = BooleanField("Include Historical")

    def offer(self, found: Offered) -> None:
        self.service.offer((ALL, "[All Services]"), *found.services)
        self.contract.offer((ALL, "[All Contracts]"), *found.contracts)
        self.status.offer((ALL, "[Any]"), *((each.value, each.label) for each in ItemStatus))
        if len(found.clients) > MOST_CLIENTS:
            del self.client
        else:
            self.client.offer((ALL, "[All Clients]"), *found.clients)

    @property
    def wanted(self) -> WantedItems:
        client = self.client.data if self.client is not None else ALL
        return WantedItems(
            text=self.text.data,
            service_id=int(self.service.data) if self.service.data else None,
            contract=self.contract.data,
            client_id=int(client) if client else None,
            status=ItemStatus(self.status.data) if self.status.data else None,
            with_historical=self.historical.data,
        )

    @property
    def is_narrowed(self) -> bool:
        """Somebody has asked for some of them only."""
        return any(field.data for field in self if field is not self.historical)
