from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from api.domain.allocation import AllocationPolicy
from api.domain.types import one_of


class Team(SQLModel, table=True):
    """The three people who own a style, its campaigns, stock and profit; a tenant."""

    __tablename__ = "team"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=20)
    name: str = Field(max_length=80)
    allocation_policy: AllocationPolicy = Field(
        default=AllocationPolicy.EARLIEST_PAID, sa_column=one_of(AllocationPolicy, "team_allocation_policy")
    )
    """Who is served first when a run of its styles ends short."""
