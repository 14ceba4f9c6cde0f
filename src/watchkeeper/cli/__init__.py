"""The `watchkeeper` command."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import click

# Each command lives in a module of its own that is imported when it is asked for: a tool that checks a file need not
# load a database engine, and help comes at once.
_COMMANDS = {
    "check": ("check", "check", "Check files without starting anything."),
    "import": ("import_", "import_", "Bring telemetry from files into the store."),
    "incidents": ("incidents", "incidents", "Look at incidents of a running server, and change them."),
    "journal": ("journal", "journal", "Read what happened: alerts, notifications, silences, configurations."),
    "notify": ("notify", "notify", "Tools for receivers: does a notification arrive?"),
    "oncall": ("oncall", "oncall", "Who is on call, now and at any time."),
    "promql": ("promql", "promql", "Tools for PromQL."),
    "quality": ("quality", "quality", "How good alerts are: rare, short, answered; and what would make them better."),
    "routes": ("routes", "routes", "Look at the routing tree: which receivers an alert would reach."),
    "rules": ("rules", "rules", "Try rules over data that are there already."),
    "serve": ("serve", "serve", "Run Watchkeeper: receive, store, question, alert, answer."),
    "silences": ("silences", "silences", "Look at silences: when do recurring ones mute next?"),
    "store": ("store", "store", "Look after the store: status, schema, snapshots."),
    "test": ("test_rules", "test", "Test files before they are used."),
    "why": ("why", "why", "Say why people are told of an alert, or not."),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module loaded."""
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        return cast(click.Command, getattr(import_module(f"{__name__}.{module}"), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in self.list_commands(ctx)])


@click.group(cls=_Lazy)
@click.version_option(package_name="watchkeeper")
def main() -> None:
    """Production monitoring and alerting in one process."""
