"""Reviews: what people decide about queries and candidates, kept in a log in which nothing is lost."""

from pairx.evaluation import as_dataset  # noqa: F401 - a review may be of a run's photographs
from pairx.reviews.counting import Progress
from pairx.reviews.decisions import VERDICTS, Decision, now
from pairx.reviews.individuals import Contradiction, Individuals, individuals
from pairx.reviews.log import ReviewLog, Task
from pairx.reviews.settling import Agreement, agreements, settled

__all__ = [
    "VERDICTS",
    "Agreement",
    "Contradiction",
    "Decision",
    "Individuals",
    "Progress",
    "ReviewLog",
    "Task",
    "agreements",
    "individuals",
    "now",
    "settled",
]
