"""Scanning remote-write bodies: floats go straight into columns, series are recognised by their label bytes.

A known series has an ordinal, a row of `keys` (a 128-bit hash of its label bytes in 1.0, of its label strings in 2.0;
then the hash of its metadata) and a row of `links` (the length of its label bytes, the series that followed it the last
time, the store's ref). The follower is guessed first, so that a sender's usual order costs one comparison. `table` is
open addressing over the keys' first halves, −1 where empty.

Rows of `samples` are (series, timestamp, bits, start), rows of `extras` (kind, series or −1, begin, end, created) of
messages that are decoded one by one. The state of a scan is an int64 array: how far it came in the body, series,
samples and extras so far, known series, the ordinal of the series before, label symbols so far. A scan stops with a
status where an array is full, and is resumed with the same state once there is room. Bodies are padded with at least
16 bytes beyond `size`.
"""

from __future__ import annotations

DONE, MALFORMED, UNUSUAL, MORE_SERIES, MORE_SAMPLES, MORE_EXTRAS, MORE_KNOWN, MORE_PAIRS = 0, 1, 2, 3, 4, 5, 6, 7
AT, SERIES, SAMPLES, EXTRAS, KNOWN, BEFORE, PAIRS = 0, 1, 2, 3, 4, 5, 6
METADATA, EXEMPLAR, HISTOGRAM = 0, 1, 2
"""Kinds of extras: what is decoded outside the kernel."""
TOLD = 2
LENGTH, FOLLOWS, REF = 0, 1, 2
UNRESOLVED = -2
"""As a known series' ref: nobody has asked the store yet."""
