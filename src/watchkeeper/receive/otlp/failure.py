"""Why an OTLP request is not taken."""

from __future__ import annotations

from watchkeeper.base.failure import Failure
from watchkeeper.receive.otlp.status import Code


class OTLPFailure(Failure):
    """A request as a whole is refused; nothing of it was stored.

    `status` is the HTTP answer, `code` gRPC's; `retry_after_s` says when to try again, None where that is no use.
    """

    def __init__(self, message: str, status: int, code: Code, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.retryable = retry_after_s is not None


class Malformed(OTLPFailure):
    """The body is not what its content type says."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 400, Code.INVALID_ARGUMENT)


class TooLarge(OTLPFailure):
    """The body, or what it unpacks to, is beyond the limits."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 413, Code.RESOURCE_EXHAUSTED)


class Unsupported(OTLPFailure):
    """The content type or encoding is none that this receiver speaks."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 415, Code.INVALID_ARGUMENT)
