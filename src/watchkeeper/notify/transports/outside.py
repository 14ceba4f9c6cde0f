"""What transports reach the world by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchkeeper.access import Signer
from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient
from watchkeeper.notify.concealing import Conceal
from watchkeeper.notify.pager import Pager


@dataclass(frozen=True, slots=True)
class Outside:
    """A client that follows the integration's `http_config`, the clock, the environment, chance, and who escalates.

    `unique` makes a text of hexadecimal digits that nobody has made before; `signer` makes links and buttons that act;
    `conceal` hides the integration's secrets in what the other side says.
    """

    client: HTTPClient
    clock: Clock
    environ: Mapping[str, str]
    unique: Callable[[], str]
    signer: Signer
    pager: Pager | None = None
    conceal: Conceal = str
