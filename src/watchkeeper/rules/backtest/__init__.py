"""Rules over data that are there already: when would they have fired?"""

from watchkeeper.rules.backtest.backtest import (
    Backtest,
    BacktestFailure,
    History,
    Question,
    RuleHistory,
)
from watchkeeper.rules.backtest.firing import Firing, Totals
from watchkeeper.rules.backtest.form import as_json
from watchkeeper.rules.backtest.order import Order
from watchkeeper.rules.backtest.suggestion import Aim, AimFailure, Suggestion, would_have_fired

__all__ = [
    "Aim",
    "AimFailure",
    "Backtest",
    "BacktestFailure",
    "Firing",
    "History",
    "Order",
    "Question",
    "RuleHistory",
    "Suggestion",
    "Totals",
    "as_json",
    "would_have_fired",
]
