"""What a person at a terminal reads once everything runs."""

from __future__ import annotations


def greeting(url: str, receives: bool) -> str:
    """A few lines that say where to look and where to send."""
    lines = [
        ("Look here", f"{url}/"),
        ("Ask with PromQL", f"{url}/api/v1/query?query=up"),
        ("Ask with SQL", f"{url}/api/watchkeeper/v1/sql?query=SHOW+TABLES"),
        *([("Remote write to", f"{url}/api/v1/write")] if receives else []),
        ("Grafana", f"add a Prometheus data source with the URL {url}"),
    ]
    width = max(len(name) for name, _ in lines)
    shown = "\n".join(f"  {name:<{width}}  {place}" for name, place in lines)
    return f"\nWatchkeeper is ready.\n\n{shown}\n\nControl-C ends it.\n"
