"""The root of every failure that we raise on purpose."""

from __future__ import annotations


class Failure(Exception):
    """Something went wrong in a way we understand; the text names the thing, its place and what would be right.

    `retryable` says whether the same call may succeed later. Each room derives one base failure of its own.
    """

    retryable: bool = False
