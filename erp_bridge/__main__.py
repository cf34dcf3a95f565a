"""Talk by hand to the Odoo that the environment names, or to a drop folder: ``python -m erp_bridge ping``.

What comes out is JSON but for ``ping``, which says a sentence. The exit status says who can help: nobody
need, a person, whoever typed, or time.
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erp_bridge.documents import NotAnOrder, orders_from, plain
from erp_bridge.dropfolder import DropFolder
from erp_bridge.errors import ErpError, ErpRejected, ErpUnavailable
from erp_bridge.holdings import Holder, compare
from erp_bridge.odoo import OdooGateway
from erp_bridge.port import Gateway

VARIABLES = ("ODOO_URL", "ODOO_DB", "ODOO_API_KEY")
OK, REFUSED, UNSET, UNREACHED = 0, 1, 2, 75  # 75 is EX_TEMPFAIL of sysexits.h: try again

Outcome = tuple[int, Any]
"""Exit status, and what is said: a sentence, or what becomes JSON."""


def ping(gateway: Gateway, _: Namespace) -> Outcome:
    """One sentence on what answers, and as whom."""
    identity = gateway.ping()
    return OK, f"{identity.system} answers; we are {identity.user} there and may read orders."


def push(gateway: Gateway, asked: Namespace) -> Outcome:
    """What became of each order of a file, by reference; one that is refused asks for a person."""
    answers = gateway.push(orders_from(_read(asked.file)))
    said = {
        reference: {"refused": str(answer)} if isinstance(answer, ErpRejected) else plain(answer)
        for reference, answer in answers.items()
    }
    return (REFUSED if any("refused" in each for each in said.values()) else OK), said


def pull(gateway: Gateway, asked: Namespace) -> Outcome:
    """Progress of references, and the watermark of the next pull."""
    return OK, plain(gateway.pull(asked.references, asked.since))


def drift(gateway: Gateway, asked: Namespace) -> Outcome:
    """In what the orders of a file stand there otherwise; a difference asks for a person."""
    if not isinstance(gateway, Holder):
        raise ErpRejected("nobody edits orders there: what was sent stands as it was sent")
    orders = {order.reference: order for order in orders_from(_read(asked.file))}
    held = gateway.holdings([*orders.values()])
    found = [each for holding in held.holdings for each in compare(orders[holding.reference], holding)]
    return (REFUSED if found else OK), plain(found)


def run(asked: Namespace, environment: Mapping[str, str]) -> Outcome:
    """Do what was asked; whatever can fail becomes a status and one sentence."""
    if not asked.folder and (unset := [name for name in VARIABLES if not environment.get(name)]):
        return UNSET, f"Set {', '.join(unset)} to reach an Odoo, or name a --folder."
    try:
        with _gateway(asked, environment) as gateway:
            outcome: Outcome = asked.command(gateway, asked)
            return outcome
    except ErpUnavailable as exc:
        return UNREACHED, f"No answer, try again later: {exc}"
    except ErpError as exc:
        return REFUSED, f"Refused, a person must look at it: {exc}"
    except NotAnOrder as exc:
        return UNSET, f"{asked.file} holds no order: {exc}"
    except OSError as exc:
        return UNSET, f"{exc.filename}: {exc.strerror}"


def main(arguments: Sequence[str] | None = None) -> int:
    status, said = run(_parser().parse_args(arguments), os.environ)
    words = said if isinstance(said, str) else json.dumps(said, indent=2, ensure_ascii=False)
    print(words, file=sys.stderr if status and isinstance(said, str) else sys.stdout)
    return status


@contextmanager
def _gateway(asked: Namespace, environment: Mapping[str, str]) -> Iterator[Gateway]:
    if asked.folder:
        yield DropFolder(Path(asked.folder))
        return
    with OdooGateway(*(environment[name] for name in VARIABLES)) as odoo:
        yield odoo


def _read(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m erp_bridge", description="Talk to the ERP by hand.")
    parser.add_argument(
        "--folder", help=f"a drop folder, instead of the Odoo named by {', '.join(VARIABLES)}"
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(act: Callable[[Gateway, Namespace], Outcome], means: str) -> ArgumentParser:
        added: ArgumentParser = commands.add_parser(act.__name__, help=means, description=means)
        added.set_defaults(command=act)
        return added

    command(ping, "say who answers, and change nothing")
    file = "JSON of an order, or of a list of them; - reads standard input"
    command(push, "see to it that orders stand there, once").add_argument("file", help=file)
    pulling = command(pull, "what became of orders")
    pulling.add_argument("references", nargs="+", metavar="reference")
    pulling.add_argument("--since", default="", help="the watermark of an earlier pull: only what changed")
    command(drift, "in what orders stand there otherwise").add_argument("file", help=file)
    return parser


if __name__ == "__main__":
    sys.exit(main())
