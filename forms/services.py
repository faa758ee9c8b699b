"""What somebody with many providers looks for among them."""

from wtforms import Form, StringField

from forms.filters import ALL, ChoiceField

NEEDS_ME = "needs-me"


class PlaceSearch(Form):
    name = StringField("Name or reference")

    @property
    def sought(self) -> str:
        return (self.name.data or "").strip()


class ServiceSearch(PlaceSearch):
    show = ChoiceField("Show", default=ALL)

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.show.offer((ALL, "All my services"), (NEEDS_ME, "Only those that need me"))
