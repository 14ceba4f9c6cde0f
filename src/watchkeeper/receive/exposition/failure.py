"""How reading an exposition fails."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class ExpositionFailure(Failure):
    """A body that does not follow its format; nothing of it may be stored.

    `line` counts from 1, or is 0 where the format has no lines.
    """

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line
