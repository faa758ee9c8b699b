"""Bank statements as banks give them out."""

from datetime import date

import pytest

from exchange.bank_statement import LARGEST, MOST_ROWS, WrongStatement, read_statement

MINE = b"Date,Amount,Reference\n04/10/2019,656.11,DCC 741254\n05/10/2019,-20.00,Shop\n"


def credits(content: bytes):
    return [(each.row, each.on, each.pence, each.text) for each in read_statement(content).credits]


def faults(content: bytes):
    with pytest.raises(WrongStatement) as wrong:
        read_statement(content)
    return [(fault.cell, fault.reason) for fault in wrong.value.faults]


def test_money_that_came_in_is_read_and_what_went_out_is_not():
    assert credits(MINE) == [(2, date(2019, 10, 4), 656_11, "DCC 741254")]
    found = read_statement(MINE)
    assert (found.first_on, found.last_on) == (date(2019, 10, 4), date(2019, 10, 5))


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfDate,Description,Paid out,Paid in\r\n04 Oct 2019,DCC 741254,,656.11\r\n",
        b"Account,12-34-56\n\nTransaction Date;Money in;Details\n2019-10-04;\xa3656.11;DCC 741254\n".replace(
            b"Account,12-34-56", b"Account;12-34-56"
        ),
        b'Date\tCredit\tNarrative\n04-Oct-2019\t"656.11"\tDCC 741254\n',
        b"Completed Date,Description,Amount\n2019-10-04 09:12:00,DCC 741254,+656.11\n",
        b"Completed Date,Description,Amount\n04/10/2019 23:59,DCC 741254,656.11 CR\n",
        b"Date,Amount,Payee\n2019-10-04T10:00:00Z,GBP 656.11,DCC 741254\n",
        "Date;Amount;Payee\n4 Oct 2019 10:00;£656.11;DCC 741254\n".encode(),
    ],
    ids=[
        "paid in and out",
        "semicolons below lines of the account",
        "tabs",
        "an instant",
        "a minute, and CR",
        "an instant in UTC",
        "pounds, and a minute of a long day",
    ],  # fmt: skip
)
def test_whatever_a_bank_calls_its_columns(content):
    assert [each[1:] for each in credits(content)] == [(date(2019, 10, 4), 656_11, "DCC 741254")]


@pytest.mark.parametrize(
    "amount",
    ["-5.00", "−5.00", "-£5.00", "£-5.00", "- 5.00", "(5.00)", "(£5.00)", "5.00-", "5.00 DR", "5.00DR", "5.00 D"],
)
def test_money_that_went_out_is_never_taken_for_money_that_came(amount):
    content = f"Date,Amount,Details\n04/10/2019,{amount},Shop\n04/10/2019,5.00 CR,DCC\n".encode()
    assert [(each[0], each[2]) for each in credits(content)] == [(3, 5_00)]


@pytest.mark.parametrize(
    ("content", "cell", "reason"),
    [
        (b"", "A1", "empty"),
        (b"PK\x03\x04", "A1", "no CSV file"),
        (b"x" * (LARGEST + 1), "A1", "larger than 1 MB"),
        (b"Day,Sum\n1,2\n", "A1", "names the columns"),
        (b"Date,Amount\n", "A1", "no rows"),
        (b"Date,Amount\n31/02/2019,1.00\n", "A2", "is no day"),
        (b"Date,Amount\n01/01/0001,1.00\n", "A2", "is no day"),
        (b"Date,Amount\n9999-12-31,1.00\n", "A2", "is no day"),
        (b"Details,Date,Amount\nx,04/10/2019,1.0.0\n", "C2", "must be a number"),
        (b"Date,Amount\n04/10/2019\n", "A2", "fewer cells"),
        (b"Date;Amount\n04/10/2019;656,11\n", "B2", "must be a number"),
        (b"Date,Amount\n" + b"04/10/2019,1.00\n" * MOST_ROWS, f"A{MOST_ROWS + 1}", "more than 10,000 rows"),
        (b'Date,Amount\n04/10/2019,"1.00\n' + b"04/10/2019,1.00\n" * 100, "A2", "quotation mark"),
    ],
)
def test_what_is_wrong_is_said_at_its_cell(content, cell, reason):
    [(where, why)] = faults(content)
    assert where == cell
    assert reason in why


def test_no_more_than_twenty_faults_are_listed():
    assert len(faults(b"Date,Amount\n" + b"x,1\n" * 50)) == 20
