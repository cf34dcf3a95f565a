"""Reach by hand the Odoo the environment names: ``python -m erp_bridge ping``."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence

from erp_bridge.errors import ErpRejected, ErpUnavailable
from erp_bridge.odoo import OdooGateway

VARIABLES = ("ODOO_URL", "ODOO_DB", "ODOO_API_KEY")
OK, REFUSED, UNSET, UNREACHED = 0, 1, 2, 75  # 75 is EX_TEMPFAIL of sysexits.h: try again


def ping(environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit status, which says who can help, and one sentence on what answers or why nothing does."""
    if unset := [name for name in VARIABLES if not environment.get(name)]:
        return UNSET, f"Set {', '.join(unset)} to reach an Odoo."
    url, db, api_key = (environment[name] for name in VARIABLES)
    try:
        with OdooGateway(url, db, api_key) as gateway:
            identity = gateway.ping()
    except ErpUnavailable as exc:
        return UNREACHED, f"No answer, try again later: {exc}"
    except ErpRejected as exc:
        return REFUSED, f"Refused, a person must look at it: {exc}"
    return OK, f"{identity.system} at {url} answers; we are {identity.user} there and may read orders."


def main(arguments: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m erp_bridge", description="Talk to the ERP by hand.")
    parser.add_argument("command", choices=["ping"], help=f"reach the Odoo named by {', '.join(VARIABLES)}")
    parser.parse_args(arguments)
    status, sentence = ping(os.environ)
    print(sentence, file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
