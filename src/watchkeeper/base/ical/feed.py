"""A calendar that is renewed while it is in use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from watchkeeper.base.configuration.secret import Secret
from watchkeeper.base.ical.calendar import Calendar, read_calendar
from watchkeeper.base.ical.component import LARGEST_BYTES
from watchkeeper.base.ical.failure import CalendarFailure


@dataclass(slots=True, eq=False)
class Feed:
    """What is known of a calendar that comes from a file or a URL; `name` says whose it is.

    `calendar` is the last good copy, and has no events before the first. `failure` says why a later one could not be
    had, and is empty where it could.
    """

    name: str
    zone: ZoneInfo
    file: Path | None = None
    url: Secret = field(default_factory=lambda: Secret(""))
    calendar: Calendar = field(default_factory=Calendar)
    read_at: int | None = None
    failure: str = ""

    def take(self, text: str, at: int | None) -> None:
        """Live by another copy, had at the instant `at` (None where that is not known).

        Raises CalendarFailure, and lives on by the one it has.
        """
        self.calendar = read_calendar(text, self.zone)
        self.read_at, self.failure = at, ""

    def take_file(self, at: int | None) -> None:
        """Live by what its file has become. Raises CalendarFailure, and lives on by what it has."""
        assert self.file is not None
        try:
            if not self.file.is_file():
                raise CalendarFailure(f"there is no file {self.file}")
            with self.file.open("rb") as file:
                content = file.read(LARGEST_BYTES + 1)
        except OSError as error:
            raise CalendarFailure(f"{self.file}: {error.strerror}") from None
        if len(content) > LARGEST_BYTES:
            raise CalendarFailure(f"{self.file} is longer than {LARGEST_BYTES >> 20} MiB")
        try:
            self.take(content.decode(errors="replace"), at)
        except CalendarFailure as failure:
            raise CalendarFailure(f"{self.file}: {failure}") from None
