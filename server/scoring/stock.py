"""What cannot be had at the moment, as this process knows it: read once a second, and only where something changed."""

import threading

from campaigns.catalogue.availability import unavailable
from database.events import availability
from database.session import Database
from scoring.score import ALL_THERE
from server.scoring.outage import outage

POLL_SECONDS = 1.0


class Stock:
    """Follows the database, also while a model loads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outage = outage("availability of items not read")
        self._reading = threading.Lock()
        self._stop = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="stock", daemon=True)
        self.unavailable = ALL_THERE
        """Replaced as a whole."""

    def start(self) -> None:
        """Read what is said, and follow it from then on."""
        self.refresh()
        self._poller.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._poller.is_alive():
            self._poller.join()

    def refresh(self) -> None:
        """Take up what is said at this moment; where that fails, the next second tries again."""
        with self._outage, self._reading, self._database.reading() as snapshot:
            if availability.revision(snapshot) != self.unavailable.revision:
                self.unavailable = unavailable(snapshot)

    def _poll(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self.refresh()
