"""What can go wrong on one machine; every message says what to do about it."""


class LocalError(Exception):
    """The platform cannot run here as it is; the words say why and what a person can do."""


class PortInUse(LocalError):
    """Another program listens where we have to."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is in use by another program: stop it, or choose another with COUNTERFLOW_PORT"
        )
        self.port = port


class AlreadyRunning(LocalError):
    """Another supervisor, or what is left of it, still uses this data folder."""


class DiskFull(LocalError):
    """There is no room for data."""


class DataFolderDamaged(LocalError):
    """The data folder is there, but a server cannot use what is in it."""


class ServerFailed(LocalError):
    """A server did not start, or did not become ready in time."""


class NoDebianPackages(LocalError):
    """Debian packages, which Odoo and the test browser come from, cannot be fetched here."""
