"""The texts of one notification."""

from __future__ import annotations

from watchkeeper.notify.templating.data import FIRING, RESOLVED, Data
from watchkeeper.notify.templating.templates import Templates
from watchkeeper.template import TemplateFailure


class Rendering:
    """Renders templates over one notification's data; what goes wrong is gathered in `failures`."""

    def __init__(self, templates: Templates, data: Data) -> None:
        self.data = data
        self.failures: list[TemplateFailure] = []
        self._templates = templates

    def over(self, data: Data) -> Rendering:
        """The same over other data; failures are gathered in one list."""
        rendering = Rendering(self._templates, data)
        rendering.failures = self.failures
        return rendering

    def prose(self, template: str) -> str:
        """A text for people; where its template is wrong, a plain one that says so and tells of the alerts."""
        try:
            return self._templates.render(template, self.data)
        except TemplateFailure as failure:
            self.failures.append(failure)
            return plain_text(self.data, failure)

    def text(self, template: str) -> str:
        """A text for a machine (a name, a colour, an address); where its template is wrong, nothing."""
        try:
            return self._templates.render(template, self.data)
        except TemplateFailure as failure:
            self.failures.append(failure)
            return ""


def plain_text(data: Data, failure: TemplateFailure) -> str:
    """What is said where a template cannot say it."""
    counts = f"{len(data.alerts.of(FIRING))} firing, {len(data.alerts.of(RESOLVED))} resolved"
    alerts = "; ".join(f"{alert.status}: {alert.labels.sorted_pairs()}" for alert in data.alerts)
    return f"{data.receiver}: {counts}. {alerts}. (This text's template is wrong: {failure})"
