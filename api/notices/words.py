"""The languages notices are written in."""

from collections.abc import Mapping

from api.notices.wording import Tongue
from api.notices.words_en import ENGLISH
from api.notices.words_zh import CHINESE

TONGUES: Mapping[str, Tongue] = {"zh": CHINESE, "en": ENGLISH}
