"""A story for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.alerts import Explanation, Way
from watchkeeper.alerts.history import alert_text
from watchkeeper.alerts.matchers import matchers_text
from watchkeeper.alerts.path import Step
from watchkeeper.api.watchkeeper.history.sentences import held_back, lines, state_text, times_text
from watchkeeper.api.watchkeeper.history.story import Story
from watchkeeper.base.instant import instant_text
from watchkeeper.notify import Outlook


def story_text(story: Story) -> str:
    """Everything, readable without a page."""
    explanation = story.explanation
    parts = [
        [f"{alert_text(explanation.labels)} {state_text(explanation)}", f"fingerprint {explanation.fingerprint}"],
        lines("Routes", [_step(step) for step in explanation.steps] or ["none is configured: nobody is told"]),
        *(_way(explanation, way, known) for way, known in zip(explanation.ways, story.outlooks, strict=True)),
        lines("History, oldest first", _history(story)),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _step(step: Step) -> str:
    route = step.route
    continues = ", continue" if route.continues else ""
    return (
        f"{'  ' * step.depth}{step.verdict}: {matchers_text(route.matchers)} to {route.options.receiver}{continues}"
        f" ({step.why})"
    )


def _way(explanation: Explanation, way: Way, known: Sequence[Outlook]) -> list[str]:
    why = [f"held back: {reason}" for reason in held_back(explanation, way)]
    integrations = [f"{one.integration}: {one.why} (of this alert it knows {one.knows})" for one in known]
    below = [*(why or ["nothing holds it back"]), times_text(way), *(integrations or ["it has no integrations"])]
    return lines(f"To {way.route.options.receiver}, group {way.flush.group_key}", below)


def _history(story: Story) -> list[str]:
    told = [f"{instant_text(entry.at)}  {entry.kind}  {entry.text}" for entry in reversed(story.history)]
    return told or ["nothing is recorded"]
