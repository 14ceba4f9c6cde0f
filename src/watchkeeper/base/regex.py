"""What is wrong with a regular expression, in the words of Go's regexp package."""

from __future__ import annotations

import re2

_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


def compiled(pattern: str, options: re2.Options) -> re2._Regexp:
    """The expression. Raises re2.error, also where the pattern stands for bytes that are no UTF-8."""
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise re2.error(f"invalid UTF-8: {pattern.encode(errors='replace').decode()}") from None


def regex_failure(pattern: str) -> str:
    """The reason why `pattern` is no RE2 expression, empty where it is one."""
    options = re2.Options()
    options.log_errors = False
    try:
        compiled(pattern, options)
    except re2.error as error:
        return go_words(error.args[0])
    return ""


def go_words(reason: bytes | str) -> str:
    """The words for RE2's `reason`."""
    message = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    code, _, detail = message.partition(": ")
    return f"{_WORDS.get(code, code)}: `{'' if code.startswith('trailing') else detail}`"
