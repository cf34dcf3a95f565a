"""The schema, step by step; apart from `api.db` because only whoever migrates needs Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from api.db import driver_url


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for the migrations that travel in the wheel."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database_url"] = driver_url(database_url)
    return config


def migrate(database_url: str) -> None:
    """Bring the database to the newest schema; harmless when it is there already."""
    command.upgrade(alembic_config(database_url), "head")
