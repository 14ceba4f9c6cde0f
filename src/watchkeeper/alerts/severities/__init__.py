"""What values of the label `severity` mean: configured, and held against what routes say."""

from watchkeeper.alerts.severities.checking import check_severities, unknown_word
from watchkeeper.alerts.severities.sections import SeveritySections, severities_of

__all__ = ["SeveritySections", "check_severities", "severities_of", "unknown_word"]
