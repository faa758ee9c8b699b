"""What somebody logs in with, in words for them."""

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("MSIE", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Version/", "Safari"),
)
"""The first that is named counts: nearly every browser also says that it is Chrome or Safari."""
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "a Chromebook"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Say, Chrome on Android. A browser may claim to be any other, so this only helps people to recognise their own."""
    browser, system = _named(BROWSERS, user_agent), _named(SYSTEMS, user_agent)
    if browser is None:
        return "Unknown browser"
    return f"{browser} on {system}" if system else browser


def _named(known: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((words for sign, words in known if sign in user_agent), None)
