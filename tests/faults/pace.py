"""How hurried the workers of a round are: seconds where the platform itself takes minutes."""

from datetime import timedelta

READ_SECONDS = 8.0  # the client's time limit; Odoo confirms a parcel's purchase orders in two to five
BATCH = 8
AT_ONCE = 3 * BATCH  # more at once only makes each call slower: Odoo does one thing at a time
HANDLERS = 2  # of each of the two workers
LEASE = timedelta(seconds=20)  # less than a parcel with two late answers takes
TURN = timedelta(seconds=3)
CIRCUIT_SECONDS = 2.0
