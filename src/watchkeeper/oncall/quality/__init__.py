"""How good alerts are: figures from the journal by rule and team, a review, and what to do about it."""

from watchkeeper.oncall.quality.advice import Advice
from watchkeeper.oncall.quality.episode import Episode, Episodes
from watchkeeper.oncall.quality.figures import DEFAULT_SEVERITIES, By, Figures, Measure
from watchkeeper.oncall.quality.form import figures_csv, figures_json, review_json
from watchkeeper.oncall.quality.order import QualityFailure, QualityOrder
from watchkeeper.oncall.quality.review import History, Review, duration_text, markdown, review
from watchkeeper.oncall.quality.sections import QualitySections, check_quality
from watchkeeper.oncall.quality.weekly import ReviewPlan, WeeklyReview

__all__ = [
    "DEFAULT_SEVERITIES",
    "Advice",
    "By",
    "Episode",
    "Episodes",
    "Figures",
    "History",
    "Measure",
    "QualityFailure",
    "QualityOrder",
    "QualitySections",
    "Review",
    "ReviewPlan",
    "WeeklyReview",
    "check_quality",
    "duration_text",
    "figures_csv",
    "figures_json",
    "markdown",
    "review",
    "review_json",
]
