"""`python -m api.local.prepare [FILE]`: bring the database to the newest schema, and fill a new one.

A process of its own, because the supervisor stays small and never loads the application.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, select

from api.db import transaction
from api.domain.team import Team
from api.local import demonstration
from api.migrations import migrate
from api.settings import settings

_SEED = 7


def main(sign_ins: Path | None) -> None:
    """Migrate; given ``sign_ins``, also fill an empty database and write there who may sign in."""
    migrate(settings().database_url)
    if sign_ins:
        with transaction() as session:
            if session.exec(select(Team).limit(1)).first() is None:
                _demonstrate(session, sign_ins)


def _demonstrate(session: Session, sign_ins: Path) -> None:
    made = demonstration.load(session, at=datetime.now(UTC), seed=_SEED, on_progress=_say)
    rows = [[member.email, made.password, member.role] for member in made.members]
    sign_ins.touch(mode=0o600)
    sign_ins.write_text(json.dumps(rows))


def _say(what: str) -> None:
    sys.stdout.write(f"demonstration data: {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
