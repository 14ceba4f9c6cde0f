"""What PromQL's functions take and return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class ValueType(StrEnum):
    """What an expression evaluates to; the values are Prometheus' words in its API."""

    NONE = "none"
    VECTOR = "vector"
    SCALAR = "scalar"
    MATRIX = "matrix"
    STRING = "string"

    @property
    def words(self) -> str:
        """The type's name in messages to people."""
        return {"vector": "instant vector", "matrix": "range vector"}.get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Signature:
    """One function: the types of its arguments and of its result.

    `variadic` 0: exactly the arguments of `args`. n > 0: the last of `args` may be left out, or up to n of its type be
    given. −1: the last of `args` may be left out or be repeated without end.
    """

    name: str
    args: tuple[ValueType, ...]
    returns: ValueType
    variadic: int = 0
    experimental: bool = False


_TYPES: Final = {"v": ValueType.VECTOR, "m": ValueType.MATRIX, "s": ValueType.SCALAR, "t": ValueType.STRING}

_SPELLED: Final = """
abs v:v
absent v:v
absent_over_time m:v
acos v:v
acosh v:v
asin v:v
asinh v:v
atan v:v
atanh v:v
avg_over_time m:v
ceil v:v
changes m:v
clamp vss:v
clamp_max vs:v
clamp_min vs:v
cos v:v
cosh v:v
count_over_time m:v
day_of_month v:v 1
day_of_week v:v 1
day_of_year v:v 1
days_in_month v:v 1
deg v:v
delta m:v
deriv m:v
double_exponential_smoothing mss:v 0 experimental
end :s 0 experimental
exp v:v
first_over_time m:v 0 experimental
floor v:v
histogram_avg v:v
histogram_count v:v
histogram_fraction ssv:v
histogram_quantile sv:v
histogram_quantiles vtss:v 9 experimental
histogram_stddev v:v
histogram_stdvar v:v
histogram_sum v:v
hour v:v 1
idelta m:v
increase m:v
info vv:v 1 experimental
irate m:v
label_join vttt:v -1
label_replace vtttt:v
last_over_time m:v
ln v:v
log10 v:v
log2 v:v
mad_over_time m:v 0 experimental
max_of ss:s 0 experimental
max_over_time m:v
min_of ss:s 0 experimental
min_over_time m:v
minute v:v 1
month v:v 1
pi :s
predict_linear ms:v
present_over_time m:v
quantile_over_time sm:v
rad v:v
range :s 0 experimental
rate m:v
resets m:v
round vs:v 1
scalar v:s
sgn v:v
sin v:v
sinh v:v
sort v:v
sort_by_label vt:v -1 experimental
sort_by_label_desc vt:v -1 experimental
sort_desc v:v
sqrt v:v
start :s 0 experimental
start_timestamp v:v 0 experimental
stddev_over_time m:v
stdvar_over_time m:v
step :s 0 experimental
sum_over_time m:v
tan v:v
tanh v:v
time :s
timestamp v:v
ts_of_first_over_time m:v 0 experimental
ts_of_last_over_time m:v 0 experimental
ts_of_max_over_time m:v 0 experimental
ts_of_min_over_time m:v 0 experimental
vector s:v
year v:v 1
"""
"""Name, types of arguments and result (v instant vector, m range vector, s scalar, t string), variadic, …"""


def _signature(line: str) -> Signature:
    name, types, *rest = line.split()
    args, _, returns = types.partition(":")
    variadic = int(rest[0]) if rest else 0
    return Signature(name, tuple(_TYPES[t] for t in args), _TYPES[returns], variadic, experimental=len(rest) > 1)


SIGNATURES: Final = MappingProxyType({s.name: s for s in map(_signature, _SPELLED.strip().splitlines())})
"""Every function by its name, as of Prometheus 3.x with its experimental functions."""
