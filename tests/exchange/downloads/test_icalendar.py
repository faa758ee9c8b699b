"""Calendar files, byte by byte."""

from datetime import UTC, date, datetime

from exchange.downloads.icalendar import Event, calendar_text

MADE = datetime(2019, 10, 2, 9, 30, tzinfo=UTC)


def lines_of(*events):
    text = calendar_text("Llŷr's payments", events, MADE)
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return text.split("\r\n")[:-1]


def unfolded(lines):
    return "\r\n".join(lines).replace("\r\n ", "").split("\r\n")


def test_an_event_is_one_whole_day():
    lines = lines_of(Event("C1-2019-09-30-confirm@portal.example", date(2019, 12, 31), "Last day to confirm"))
    assert lines == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Provider Portal//Payment Schedule//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Llŷr's payments",
        "BEGIN:VEVENT",
        "UID:C1-2019-09-30-confirm@portal.example",
        "DTSTAMP:20191002T093000Z",
        "DTSTART;VALUE=DATE:20191231",
        "DTEND;VALUE=DATE:20200101",
        "SUMMARY:Last day to confirm",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_what_has_a_meaning_in_the_format_is_escaped():
    lines = lines_of(Event("1", date(2019, 10, 8), "Marmalade; toast, \\ and tea", "One\nEND:VEVENT\r\nTwo"))
    assert "SUMMARY:Marmalade\\; toast\\, \\\\ and tea" in lines
    assert "DESCRIPTION:One\\nEND:VEVENT\\nTwo" in lines


def test_no_line_is_longer_than_75_octets_and_no_character_is_cut():
    summary = "ŵ" * 200
    lines = lines_of(Event("1", date(2019, 10, 8), summary))
    assert all(len(line.encode()) <= 75 for line in lines)
    assert f"SUMMARY:{summary}" in unfolded(lines)


def test_a_calendar_without_events_is_still_one():
    assert lines_of()[0] == "BEGIN:VCALENDAR"
