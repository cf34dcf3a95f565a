"""The platform that runs here, found from another process."""

from api.local.data_folder import secret
from api.local.errors import LocalError
from api.local.parts import DATABASE
from api.local.postgres import PostgresServer
from api.settings import Settings

_PORT_LINE = 3  # of postmaster.pid, as PostgreSQL documents it


def database_url(settings: Settings) -> str:
    """The address of the platform's database: the one that is set, else of the server that runs here.

    Raises LocalError where none runs.
    """
    if settings.database_url:
        return settings.database_url
    data_dir = settings.data_dir.absolute()
    notes = data_dir / "postgres" / "data" / "postmaster.pid"
    try:
        port = int(notes.read_text().splitlines()[_PORT_LINE])
    except (OSError, IndexError, ValueError):
        words = f"no platform runs in {data_dir}: start it by `make up`, or set DATABASE_URL"
        raise LocalError(words) from None
    server = PostgresServer(data_dir / "postgres", port, secret(data_dir, "postgres"))
    return server.url(DATABASE, role=DATABASE, password=secret(data_dir, "database"))
