"""Believable view models for every template: what the tests render and the preview shows."""

from tests.web.samples_against import AGAINST_PAGES
from tests.web.samples_channels import CHANNEL_PAGES
from tests.web.samples_console import CONSOLE
from tests.web.samples_drift import DRIFT_PAGES
from tests.web.samples_factory import FACTORY_PAGES
from tests.web.samples_law import LAW_PAGES
from tests.web.samples_money import MONEY_PAGES
from tests.web.samples_plans import PLAN_PAGES
from tests.web.samples_shared import Sample
from tests.web.samples_shop import SHOP
from tests.web.samples_words import FACTORY_WORDS_PAGES

SAMPLES: dict[str, Sample] = (
    SHOP
    | LAW_PAGES
    | CONSOLE
    | DRIFT_PAGES
    | MONEY_PAGES
    | CHANNEL_PAGES
    | PLAN_PAGES
    | AGAINST_PAGES
    | FACTORY_PAGES
    | FACTORY_WORDS_PAGES
)
