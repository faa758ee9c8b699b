"""What Borsetshire buys, and what a unit of it cost in the financial year 2025/2026."""

from typing import NamedTuple

from models.calendar import FinancialYear
from models.money import round_half_away

BASE_YEAR = 2025
PER_CENT_A_YEAR = 103

SERVICES = {
    "IHF": "In-House Fostering Placement",
    "IHC": "In-House Foster Carer",
    "SHB": "Short Breaks",
    "SGO": "Special Guardianship",
    "SUL": "Supported Lodgings",
    "IFA": "Independent Fostering Placement",
    "RES": "Residential Care",
    "NUR": "Nursing Care",
    "LDR": "Residential Care - Learning Disability",
    "HOM": "Home Care",
    "EXC": "Extra Care",
    "DPS": "Direct Payment Support",
    "SHL": "Shared Lives",
}


class Level(NamedTuple):
    """A service level. `pence` is the price in the base year; 0 where every line item has its own."""

    service: str
    name: str
    pence: int
    unit: str = "week"
    convention: str = "inclusive"
    vat_code: str = "exempt"
    vat_percent: int = 0
    tolerance_percent: int = 0
    pays_frustrated: bool = False
    claimable: str = "no"


FOSTERING = "In-House Fostering Placement"
LEVELS = {
    "IHF-0": Level("IHF", f"{FOSTERING} - Under 2", 203_54),
    "IHF-2": Level("IHF", f"{FOSTERING} - 2 to 4", 211_08),
    "IHF-5": Level("IHF", f"{FOSTERING} - 5 to 10", 232_62),
    "IHF-11": Level("IHF", f"{FOSTERING} - 11 to 15", 266_00),
    "IHF-16": Level("IHF", f"{FOSTERING} - 16 and over", 310_15),
    "IHF-REWARD1": Level("IHF", "Foster Carer Reward - Core", 150_53),
    "IHF-REWARD2": Level("IHF", "Foster Carer Reward - Enhanced", 285_92),
    "IHF-MILE": Level("IHF", f"{FOSTERING} - Mileage", 45, "mile", claimable="client"),
    "IHC-MILE": Level("IHC", "In-House Foster Carer - Foster Carer Mileage", 45, "mile", claimable="provider"),
    "IHC-EQUIP": Level("IHC", "In-House Foster Carer - Equipment", 1_00, "item", claimable="provider"),
    "IHC-PARK": Level("IHC", "In-House Foster Carer - Parking", 1_00, "item", claimable="provider"),
    "SHB-NIGHT": Level("SHB", "Short Breaks - Overnight", 62_40, "night", "nights"),
    "SGO-MONTH": Level("SGO", "Special Guardianship Allowance", 842_00, "month"),
    "SUL-WEEK": Level("SUL", "Supported Lodgings", 231_75),
    "IFA-STD": Level("IFA", "Independent Fostering - Standard", 0),
    "IFA-ENH": Level("IFA", "Independent Fostering - Enhanced", 0),
    "IFA-PC": Level("IFA", "Independent Fostering - Parent and Child", 0),
    "RES-1": Level("RES", "Residential Care - Band 1", 714_82, "week", "exclude_last"),
    "RES-2": Level("RES", "Residential Care - Band 2", 781_41, "week", "exclude_last"),
    "RES-3": Level("RES", "Residential Care - Band 3", 846_06, "week", "exclude_last"),
    "NUR-4": Level("NUR", "Nursing Care - Band 4", 1_172_97, "week", "exclude_last"),
    "NUR-5": Level("NUR", "Nursing Care - Band 5", 1_200_63, "week", "exclude_last"),
    "RES-N1": Level("RES", "Residential Care by the Night - Standard", 111_63, "night", "nights"),
    "RES-N2": Level("RES", "Residential Care by the Night - Dementia", 123_27, "night", "nights"),
    "LDR-IND": Level("LDR", "Residential Care - Learning Disability, Individual Price", 0, "week", "exclude_last"),
    "HOM-STD": Level("HOM", "Home Care - Standard", 23_10, "hour", tolerance_percent=10, pays_frustrated=True),
    "HOM-CPX": Level("HOM", "Home Care - Complex", 25_64, "hour", tolerance_percent=10, pays_frustrated=True),
    "HOM-SIT": Level("HOM", "Home Care - Sitting Service", 41_50, "session"),
    "EXC-HOUR": Level("EXC", "Extra Care - Planned Hours", 22_89, "hour", tolerance_percent=10),
    "DPS-ACC": Level("DPS", "Direct Payment Support - Managed Account", 7_85, "week", vat_code="standard",
                     vat_percent=20),
    "DPS-PAY": Level("DPS", "Direct Payment Support - Payroll", 4_35, "week", vat_code="standard", vat_percent=20),
    "SHL-WEEK": Level("SHL", "Shared Lives - Long-Term Arrangement", 405_54),
    "SHL-NIGHT": Level("SHL", "Shared Lives - Respite", 45_56, "night", "nights"),
    "SHL-DAY": Level("SHL", "Shared Lives - Day Support", 38_25, "day"),
}  # fmt: skip

FUNDED_NURSING_CARE = {2023: 219_71, 2024: 235_88, 2025: 254_06}
"""A week, from 1 April of these years."""
MILEAGE = 45
BANDS = (("IHF-0", 0), ("IHF-2", 2), ("IHF-5", 5), ("IHF-11", 11), ("IHF-16", 16))
"""Levels of fostering maintenance, and the birthdays on which they begin."""


def in_year(pence: int, year: FinancialYear) -> int:
    """What cost `pence` in the base year: three per cent more every April."""
    n = year.starts_in - BASE_YEAR
    up, down = (PER_CENT_A_YEAR**n, 100**n) if n >= 0 else (100**-n, PER_CENT_A_YEAR**-n)
    return round_half_away(pence * up, down)


def funded_nursing_care(year: FinancialYear) -> int:
    known = FUNDED_NURSING_CARE.get(year.starts_in)
    return known if known is not None else in_year(FUNDED_NURSING_CARE[BASE_YEAR], year)
