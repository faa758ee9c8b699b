"""Made-up people and places. The telephone numbers and postcodes are of the kinds that lead nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random


@dataclass(frozen=True)
class Person:
    first_name: str
    surname: str
    born_on: date

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.surname}"

    @property
    def mailbox(self) -> str:
        """marian.oakshott: what stands before the @ of an e-mail address."""
        return f"{self.first_name}.{self.surname}".lower().translate(_PLAIN)

    def birthday(self, age: int) -> date:
        """On which they reach that age. One who was born on 29 February has it on 1 March in other years."""
        try:
            return self.born_on.replace(year=self.born_on.year + age)
        except ValueError:
            return date(self.born_on.year + age, 3, 1)


def born(age: int, birthday: date) -> date:
    """When somebody was born who reaches `age` on that day, or the day before it if there was no such day."""
    try:
        return birthday.replace(year=birthday.year - age)
    except ValueError:
        return date(birthday.year - age, 2, 28)


_PLAIN = str.maketrans("ąćęłńóśźżŵŷïâôö' ", "acelnoszzwyiaoo--")


@dataclass(frozen=True)
class Names:
    """Names that go together. A surname with a slash has a form for women and one for men."""

    women: Sequence[str]
    men: Sequence[str]
    surnames: Sequence[str]


ENGLISH_SURNAMES = (
    "Addlestone", "Barrowcliff", "Bellchamber", "Brackenbury", "Cattermole", "Challacombe", "Coppard", "Dunnett-Hale",
    "Eastlake", "Fairbrass", "Fothergill", "Garrowby", "Gathercole", "Hathersage", "Inchbald", "Kettlewell",
    "Larkham", "Lofthouse", "Mappleton", "Nethercott", "Oakshott", "Penhallow", "Pickersgill", "Quennell",
    "Ravenhill", "Satterthwaite", "Shufflebotham", "Stallworthy", "Tattershall", "Threadgold", "Underhay",
    "Vickerstaff", "Wainfleet", "Winterbourne", "Yarwood",
)  # fmt: skip
ENGLISH_CHILDREN = Names(
    ("Amelie", "Bethany", "Chloe", "Daisy", "Evie", "Freya", "Gracie", "Imogen", "Jessica", "Lacey", "Maisie", "Poppy",
     "Skye", "Tilly", "Willow"),
    ("Alfie", "Bailey", "Callum", "Dylan", "Ethan", "Finley", "Harvey", "Jayden", "Kai", "Leo", "Mason", "Noah",
     "Reuben", "Toby", "Zac"),
    ENGLISH_SURNAMES,
)  # fmt: skip
ENGLISH_ADULTS = Names(
    ("Audrey", "Beryl", "Constance", "Doreen", "Edith", "Gwendoline", "Hilda", "Irene", "Joyce", "Kathleen", "Maureen",
     "Muriel", "Norma", "Olive", "Sheila", "Winifred"),
    ("Albert", "Bernard", "Cyril", "Derek", "Ernest", "Frank", "Gordon", "Harold", "Kenneth", "Leonard", "Norman",
     "Percy", "Raymond", "Sidney", "Stanley", "Wilfred"),
    ENGLISH_SURNAMES,
)  # fmt: skip
WELSH = Names(
    ("Angharad", "Bethan", "Eleri", "Gwenllian", "Mair", "Nerys", "Siân"),
    ("Dafydd", "Emyr", "Ifan", "Llŷr", "Rhodri", "Tomos"),
    ("Cadwaladr", "Eynon", "Gwilliam", "Llewelyn-Bebb", "Prydderch", "Trahaearn"),
)
POLISH = Names(
    ("Agnieszka", "Bożena", "Małgorzata", "Zofia", "Żaneta"),
    ("Bogusław", "Łukasz", "Paweł", "Stanisław"),
    ("Gąsiorowska/Gąsiorowski", "Krawczyk", "Świątkowska/Świątkowski", "Wójtowicz", "Zawadzka/Zawadzki"),
)
SOUTH_ASIAN = Names(
    ("Farida", "Harpreet", "Nasreen", "Priyanka", "Sunita", "Tasneem"),
    ("Arjun", "Gurdeep", "Mushtaq", "Rafiq", "Tariq", "Vikram"),
    ("Chowdhury", "Dhaliwal", "Mistry", "Ranganathan", "Sahota", "Thakkar", "Wijesinghe"),
)
WEST_AFRICAN = Names(
    ("Abena", "Folasade", "Ngozi"), ("Chidi", "Kwabena", "Olumide"), ("Adeyinka", "Boateng", "Nwachukwu")
)
_SHARES = (58, 10, 12, 14, 6)

STREETS = ("Back Lane", "Brookside", "Chapel Street", "Churchill Way", "Glebe Road", "Green Lane", "Hollow Lane",
           "Mill Street", "Orchard Close", "Priory Road", "Station Road", "The Butts", "Vicarage Lane",
           "Well Street")  # fmt: skip
PLACES = ("Borchester", "Felpersham", "Hollerton", "Loxley Barrett", "Penny Hassett", "Waterley Cross", "Lakey Hill",
          "Rushford Magna", "Nether Croxby")  # fmt: skip


class People:
    """Makes people nobody has met."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._taken: set[tuple[str, str]] = set()

    def somebody(self, last_born: date, first_born: date, english: Names) -> Person:
        chance = self._chance
        while True:
            [names] = chance.choices((english, WELSH, POLISH, SOUTH_ASIAN, WEST_AFRICAN), _SHARES)
            is_woman = chance.random() < 0.55
            first_name = chance.choice(names.women if is_woman else names.men)
            surname = chance.choice(names.surnames).split("/")[0 if is_woman else -1]
            if (first_name, surname) not in self._taken or chance.random() < 0.05:  # a few have a namesake
                break
        self._taken.add((first_name, surname))
        days = (last_born - first_born).days
        return Person(first_name, surname, first_born + timedelta(days=chance.randrange(days)))

    def child(self, age: int, day: date) -> Person:
        """Somebody who has that age on that day."""
        return self.somebody(born(age, day), born(age + 1, day) + timedelta(days=1), ENGLISH_CHILDREN)

    def adult(self, youngest: int, oldest: int, day: date) -> Person:
        return self.somebody(born(youngest, day), born(oldest, day), ENGLISH_ADULTS)

    def address(self) -> str:
        chance = self._chance
        at = chance.randrange(len(PLACES))
        letters = "".join(chance.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
        street = f"{chance.randint(1, 120)} {chance.choice(STREETS)}"
        return f"{street}|{PLACES[at]}|Borsetshire|BZ{at + 1} {chance.randint(1, 9)}{letters}"

    def phone(self) -> str:
        return f"01632 960 {self._chance.randint(0, 999):03}"
