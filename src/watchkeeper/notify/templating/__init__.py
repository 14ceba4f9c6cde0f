"""What a notification's templates see, the functions they call, and the templates that are there by default."""

from watchkeeper.notify.templating.data import FIRING, Data, data_of
from watchkeeper.notify.templating.links import GroupKey, Links, UnsignedLinks
from watchkeeper.notify.templating.lint import check_templates
from watchkeeper.notify.templating.rendering import Rendering
from watchkeeper.notify.templating.templates import Templates

__all__ = [
    "FIRING",
    "Data",
    "GroupKey",
    "Links",
    "Rendering",
    "Templates",
    "UnsignedLinks",
    "check_templates",
    "data_of",
]
