"""Two kinds of failure, because two different parties can help: time, or a person."""


class ErpError(Exception):
    """Something kept the ERP from doing what was asked."""


class ErpUnavailable(ErpError):
    """The ERP did not answer, or asked us to come back: trying again later is safe and right.

    After a push the order may or may not stand in the ERP. Push again: it looks first.
    """


class ErpRejected(ErpError):
    """The ERP, or the bridge on its behalf, refused: it will again, until a person changes something.

    The text is for that person: the ERP's own words, never its traceback, never a credential.
    """
