from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel


class Team(SQLModel, table=True):
    """The three people who own a style, its campaigns, stock and profit; a tenant."""

    __tablename__ = "team"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=20)
    name: str = Field(max_length=80)
