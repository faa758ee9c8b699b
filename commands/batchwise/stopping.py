"""Being told to stop, which a service looks at between two pieces of work, so that none is cut in two."""

import signal


class Stop:
    """`asked` is True once somebody has told this process to stop."""

    asked = False

    def listen(self) -> None:
        """From now on SIGTERM and SIGINT ask for it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)

    def ask(self, *_: object) -> None:
        self.asked = True
