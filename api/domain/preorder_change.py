"""What a buyer may change by themselves until the cut-off."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Checked

from api.domain.preorder import MOST_LINES, ShortText


class LineChange(BaseModel):
    """Another size or colour of the same style; pieces, price and consents stay."""

    model_config = ConfigDict(extra="forbid")

    from_sku: ShortText
    to_sku: ShortText


class PreorderChange(BaseModel):
    """The lines to change, and the address where it is another; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[LineChange], Checked(max_length=MOST_LINES)] = []
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)] | None = (
        None
    )
