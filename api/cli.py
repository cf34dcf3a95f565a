"""`counterflow`: the platform on one machine, from the command line."""

import os
import time
from typing import Annotated, NoReturn

import typer

from api.local.errors import LocalError, NoDebianPackages

_BEGAN = time.time()
_WITHOUT_DEBIAN = (
    "Without Debian's package: name an Odoo 19 of your own by ODOO_URL, ODOO_DB, ODOO_API_KEY and "
    "ODOO_MASTER_DATA_KEY, or do without: factories then work from the order book, which needs no ERP."
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
audit = typer.Typer(no_args_is_help=True, help="The audit of the platform that runs here.")
app.add_typer(audit, name="audit")


@app.command()
def up(
    *, empty: Annotated[bool, typer.Option("--empty", help="Begin without the demonstration data.")] = False
) -> None:
    """Start the whole platform here and keep it running until Ctrl-C; its data stays in the data folder."""
    from api.local.up import up as run  # noqa: PLC0415  # each command loads what it needs
    from api.settings import settings  # noqa: PLC0415

    began = float(os.environ.get("COUNTERFLOW_BEGAN", _BEGAN))  # `make up` began before us
    try:
        run(settings(), typer.echo, began=began, empty=empty)
    except (LocalError, OSError) as error:
        _give_up(error)


@app.command()
def odoo() -> None:
    """Set up a real Odoo 19 from Debian's package for this user; about two minutes the first time."""
    from api.local import odoo_setup  # noqa: PLC0415

    try:
        installation = odoo_setup.install(typer.echo)
    except NoDebianPackages as error:
        _give_up(LocalError(f"{error}\n{_WITHOUT_DEBIAN}"))
    except (LocalError, OSError) as error:
        _give_up(error)
    typer.echo(f"Odoo 19 is in {installation.folder}; the next `make up` uses it.")


@audit.command()
def verify(
    *, expect: Annotated[str, typer.Option("--expect", help="A digest that was noted earlier.")] = ""
) -> None:
    """Hold every sealed entry against the chain; the first that does not fit is named, and the end is 1."""
    from sqlmodel import Session, create_engine  # noqa: PLC0415

    from api.db import driver_url  # noqa: PLC0415
    from api.local.running import database_url  # noqa: PLC0415
    from api.services import audit_chain  # noqa: PLC0415
    from api.settings import settings  # noqa: PLC0415

    try:
        engine = create_engine(driver_url(database_url(settings())))
    except LocalError as error:
        _give_up(error)
    with Session(engine) as session:
        verdict = audit_chain.verify(session, expect=expect or None)
    if verdict.wrong is not None:
        _give_up(LocalError(verdict.wrong))
    sealed = f"{verdict.entries} entries in {verdict.seals} seals are as they were sealed"
    typer.echo(f"{sealed}; {verdict.unsealed} wait for a seal.")
    typer.echo(f"head {verdict.head}")


def _give_up(error: Exception) -> NoReturn:
    typer.secho(str(error), fg=typer.colors.RED, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
