"""Alembic's entry: the schema is what `api.domain` declares."""

from alembic import context
from sqlalchemy import create_engine, text

from api.domain import tables

config = context.config


def migrate() -> None:
    """Run the migrations in one transaction; wait briefly for locks, not to block what runs."""
    engine = create_engine(config.attributes["database_url"])
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=tables.METADATA, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


migrate()
