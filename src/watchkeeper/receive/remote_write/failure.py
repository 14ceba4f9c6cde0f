"""Why a remote-write request is not taken."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class RemoteWriteFailure(Failure):
    """A request as a whole is refused with an HTTP `status`; nothing of it was stored."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Malformed(RemoteWriteFailure):
    """The body is not what its content type says."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


class TooLarge(RemoteWriteFailure):
    """The body, or what it unpacks to, is beyond the limits."""

    def __init__(self, message: str) -> None:
        super().__init__(413, message)


class Unsupported(RemoteWriteFailure):
    """The content type or encoding is none that this receiver speaks."""

    def __init__(self, message: str) -> None:
        super().__init__(415, message)
