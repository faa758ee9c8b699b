"""Pages of somebody's account at the council, and what is pressed there."""

LIST = "/council/people/"
ACTS = ("temporary-password", "second-step", "unlock", "log-out", "disable", "enable", "email", "council-role")


def at(person, act=""):
    return f"{LIST}{person.id}" + (f"/{act}" if act else "")


def offered(answer):
    """The acts that the page has a button for."""
    links = [each["href"] for each in answer.page.select("main a.govuk-button")]
    return {href.rpartition("/")[2] for href in links}


def press(client, path, data=None, status=303):
    """The button on the page that says first what will happen."""
    answer = client.submit(client.get(path), data, status=status)
    return client.follow(answer) if status == 303 else answer
