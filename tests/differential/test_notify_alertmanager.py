"""What receivers get from us beside what they get from the real Alertmanager, field by field."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.access import Signer
from watchkeeper.app.configuration import load_text
from watchkeeper.base.clock import SystemClock
from watchkeeper.notify import Notify
from watchkeeper.store.control import ControlDatabase

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]

from alertmanager_process import ALERTMANAGER, alertmanager  # noqa: E402
from notify_flushes import alerts, flush_of, post, until_quiet  # noqa: E402
from notify_receivers import DEFAULTS, EVERYTHING, Sent, recording  # noqa: E402

from journals import open_journal  # noqa: E402

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(ALERTMANAGER).exists(), reason=f"{ALERTMANAGER}: `make peers` unpacks it"),
]

CONFIG = """
route: {receiver: "the.team", group_by: [alertname, team], group_wait: 500ms, group_interval: 1s, repeat_interval: 4h}
receivers:
- name: the.team
"""


def receivers(text: str, url: str) -> str:
    return CONFIG + text.replace("@URL@", url)


def comparable(sent: list[Sent]) -> dict[str, list[Any]]:
    """Requests by path; bodies as values."""
    by_path: dict[str, list[Any]] = {}
    for one in sent:
        try:
            body: Any = json.loads(one.body)
        except ValueError:
            body = sorted(parse_qsl(one.body, keep_blank_values=True))
        headers = {name: value.removesuffix("; charset=utf-8") for name, value in one.headers.items()}
        if one.method == "GET":
            headers.clear()
        by_path.setdefault(f"{one.method} {one.path}", []).append((headers, body))
    return by_path


@pytest.mark.parametrize("text", [DEFAULTS, EVERYTHING], ids=["defaults", "everything set"])
async def test_receivers_get_from_us_what_they_get_from_alertmanager(text: str, tmp_path: Path) -> None:
    with recording() as recorded, alertmanager(tmp_path, receivers(text, f"{recorded.url}/theirs")) as url:
        began = time.time() - 0.3
        notify, control = None, ControlDatabase.at("sqlite://")
        journal = await open_journal(control)
        for resolved in (False, True):
            post(url, alerts(began, resolved=resolved))
            theirs = until_quiet(recorded, "theirs", 16)
            flush, external_url = flush_of(theirs)
            if notify is None:
                registry = CollectorRegistry()
                notify = Notify(
                    control, journal, SystemClock(), registry, Signer(SystemClock(), b"k"), external_url=external_url
                )
                await notify.open()
                ours = load_text(receivers(text, f"{recorded.url}/ours"), "alertmanager.yml", {})
                await notify.apply(notify.prepare(ours.notify))
            assert await notify.notify(flush)
            expected, got = comparable(theirs), comparable(recorded.take("ours"))
            assert got.keys() == expected.keys()
            assert {path: got[path] for path in got if got[path] != expected[path]} == {
                path: expected[path] for path in got if got[path] != expected[path]
            }
        assert notify is not None
        await notify.close()
        await journal.close()
        await control.close()
