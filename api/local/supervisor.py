"""Keeps servers running: starts them when their turn comes, restarts what dies, stops all in reverse."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.local import processes
from api.local.errors import LocalError, ServerFailed
from api.local.processes import Server

Say = Callable[[str], None]

_TICK_SECONDS = 0.1
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0  # who ran this long did not die of starting


@dataclass(eq=False)
class _Kept:
    """One server that is to run, and where it stands."""

    server: Server
    log: Path
    turn: int
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause_seconds: float = _FIRST_PAUSE_SECONDS
    start_again_at: float | None = None
    shown_bytes: int = 0


@dataclass
class Supervisor:
    """Servers that run until `stop`, each with its own log in ``logs``.

    ``say`` gets one line at a time: our own and those of the servers named in ``echo``, with the name
    before them. ``inherit`` are file descriptors that every server keeps open. A server that has not
    ended ``patience_seconds`` after it was asked to is killed.
    """

    logs: Path
    say: Say
    echo: frozenset[str] = frozenset()
    inherit: Sequence[int] = ()
    patience_seconds: float = 6
    _kept: list[_Kept] = field(default_factory=list)
    _turn: int = 0

    def start(self, *servers: Server, within_seconds: float = 180) -> None:
        """Start servers side by side and return when all are ready.

        Raises
        ------
        LocalError
            What a server itself makes of its last words, when it ends.
        ServerFailed
            When it is not ready ``within_seconds`` of its start.
        """
        began = time.monotonic()
        self._turn += 1
        waiting = [self._add(server) for server in servers]
        while waiting:
            for kept in [one for one in waiting if one.server.ready()]:
                waiting.remove(kept)
                self.say(f"{kept.server.name} ready {time.monotonic() - began:.1f} s")
            for kept in waiting:
                if kept.process and kept.process.poll() is not None:
                    raise kept.server.failure(_last_words(kept.log))
                if time.monotonic() - kept.began > within_seconds:
                    raise ServerFailed(f"{kept.server.name} is not ready after {within_seconds:.0f} s")
            self._show_logs()
            time.sleep(_TICK_SECONDS)

    def complete(self, job: Server) -> None:
        """Run a job to its end; raise what it makes of its last words when it fails."""
        began = time.monotonic()
        kept = self._add(job)
        while kept.process and kept.process.poll() is None:
            self._show_logs()
            time.sleep(_TICK_SECONDS)
        self._show_logs()
        self._kept.remove(kept)
        if kept.process and kept.process.returncode:
            raise job.failure(_last_words(kept.log))
        self.say(f"{job.name} done {time.monotonic() - began:.1f} s")

    def watch(self) -> None:
        """Look once: show new log lines, start again what ended. To be called every tenth of a second."""
        for kept in self._kept:
            if kept.start_again_at is None and kept.process and kept.process.poll() is not None:
                self._note_end(kept, kept.process)
            elif kept.start_again_at is not None and time.monotonic() >= kept.start_again_at:
                self._start_again(kept)
        self._show_logs()
        time.sleep(_TICK_SECONDS)

    def stop(self) -> None:
        """End all servers, the last started first, and side by side those that started so."""
        while self._kept:
            turn = [kept for kept in self._kept if kept.turn == self._kept[-1].turn]
            self._kept = [kept for kept in self._kept if kept not in turn]
            running = [(kept.process, kept.server) for kept in turn if kept.process]
            for process, server in running:
                processes.ask_to_end(process, server.stop_signal)
            for process, _ in running:
                processes.end(process, patience_seconds=self.patience_seconds)

    def _add(self, server: Server) -> _Kept:
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{server.name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        log.touch()
        kept = _Kept(server, log, self._turn)
        self._kept.append(kept)
        self._launch(kept)
        return kept

    def _launch(self, kept: _Kept) -> None:
        kept.server.initialise()
        kept.process = processes.launch(kept.server, log=kept.log, inherit=self.inherit)
        kept.began = time.monotonic()
        kept.start_again_at = None

    def _note_end(self, kept: _Kept, process: subprocess.Popen[bytes]) -> None:
        processes.kill_group(process.pid)  # a child that outlived it would do its work twice
        if time.monotonic() - kept.began > _STEADY_SECONDS:
            kept.pause_seconds = _FIRST_PAUSE_SECONDS
        self.say(f"{kept.server.name} ended ({process.returncode}); again in {kept.pause_seconds:.1f} s")
        kept.start_again_at = time.monotonic() + kept.pause_seconds
        kept.pause_seconds = min(kept.pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def _start_again(self, kept: _Kept) -> None:
        try:
            self._launch(kept)
        except LocalError as error:
            self.say(f"{kept.server.name} cannot start: {error}")
            kept.start_again_at = time.monotonic() + kept.pause_seconds

    def _show_logs(self) -> None:
        for kept in self._kept:
            if kept.server.name in self.echo:
                with kept.log.open("rb") as log:
                    log.seek(kept.shown_bytes)
                    whole, newline, _ = log.read().rpartition(b"\n")
                kept.shown_bytes += len(whole) + len(newline)
                for line in whole.decode(errors="replace").splitlines():
                    self.say(f"{kept.server.name:<8} | {line}")


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:]
