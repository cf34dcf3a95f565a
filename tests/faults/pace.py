"""How hurried the workers of a round are: seconds where the platform itself takes minutes."""

import os
from datetime import timedelta

# Where Odoo takes longer than this to confirm a parcel, every push is tried again while Odoo is still at it.
READ_SECONDS = float(os.environ.get("FAULTS_LIMIT_SECONDS", "8"))
BATCH = 8
AT_ONCE = 3 * BATCH  # more at once only makes each call slower: Odoo does one thing at a time
HANDLERS = 2  # of each of the two workers
LEASE = timedelta(seconds=2.5 * READ_SECONDS)  # less than a parcel with two late answers takes
TURN = timedelta(seconds=3)
CIRCUIT_SECONDS = 2.0
