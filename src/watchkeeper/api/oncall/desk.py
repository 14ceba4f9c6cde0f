"""What every face of this family needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.requests import Request

from watchkeeper.access import People, Signer
from watchkeeper.api.body import read_body
from watchkeeper.base.clock import Clock
from watchkeeper.oncall import OnCallSection
from watchkeeper.oncall.callbacks import Callbacks
from watchkeeper.oncall.responding import Responding

LARGEST_FORM = 1 << 20
LONGEST_NAME, LONGEST_COMMENT = 100, 1000


@dataclass(frozen=True, slots=True)
class Desk:
    """`config` and `people` are asked at each request, for a reload may change them.

    `external_url` has no slash at its end. `texted` says of which groups (tenant and key) a telephone number was told.
    `reply` sends JSON to a URL that Slack gave us, and does not raise.
    """

    responding: Responding
    signer: Signer
    callbacks: Callbacks
    clock: Clock
    external_url: str
    config: Callable[[], OnCallSection]
    people: Callable[[], People]
    texted: Callable[[str], Collection[tuple[str, str]]]
    reply: Callable[[str, bytes], Awaitable[None]]

    def zone(self) -> ZoneInfo:
        """The zone in which pages show times."""
        return ZoneInfo(self.config().time_zone)


async def read_form(request: Request) -> dict[str, str]:
    """The form in the body; of a name that comes twice, the last value."""
    body = await read_body(request, LARGEST_FORM)
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
