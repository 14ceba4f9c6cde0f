"""People change what they see; what others have changed meanwhile is not lost by that."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.oncall.incident.changing import Change
from watchkeeper.oncall.incident.failure import IncidentConflict
from watchkeeper.oncall.incident.incident import Incident


def check_seen(incident: Incident, change: Change, seen: Mapping[str, object]) -> None:
    """Raise IncidentConflict where a field is neither as somebody has seen it nor as it is to become."""
    for name, before in seen.items():
        now, after = getattr(incident, name), getattr(change, name)
        if after is not None and _plain(now) not in (_plain(before), _plain(after)):
            held = f'"{now}"' if now else "nothing"
            raise IncidentConflict(
                f"the {name} of {incident.id} has become {held} since you opened the page: "
                "look again, and send it once more if you still mean it"
            )


def _plain(value: object) -> object:
    """Ends of lines do not count: browsers do not leave them as they were."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
