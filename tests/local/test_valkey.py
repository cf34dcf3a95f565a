from pathlib import Path

import pytest
import redis

from api.local import processes
from api.local.errors import DataFolderDamaged
from api.local.valkey import ValkeyServer


def a_server(home: Path) -> ValkeyServer:
    return ValkeyServer(home / "valkey", processes.free_port(), "open-sesame")


def test_what_was_queued_survives_the_kill_of_the_server(home: Path) -> None:
    server = a_server(home)
    with processes.running(server, log=home / "log") as process, redis.Redis.from_url(server.url()) as client:
        client.config_set("appendfsync", "always")
        client.lpush("queue", "a task")
        process.kill()
        process.wait()
    with processes.running(server, log=home / "log"), redis.Redis.from_url(server.url()) as client:
        assert client.lrange("queue", 0, -1) == [b"a task"]


def test_the_password_is_asked_for_and_stands_in_no_command_line(
    home: Path,
) -> None:
    server = a_server(home)
    with processes.running(server, log=home / "log"):
        assert server.password not in " ".join(server.command())
        assert server.configuration.stat().st_mode & 0o777 == 0o600
        stranger = redis.Redis(host="127.0.0.1", port=server.port)
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_a_damaged_queue_is_called_damaged(home: Path) -> None:
    server = a_server(home)
    with processes.running(server, log=home / "log"):
        pass
    for file in (server.folder / "appendonlydir").glob("*.aof"):
        file.write_bytes(b"*3\r\n$3\r\nnot a command at all\r\n")
    with (
        pytest.raises(DataFolderDamaged, match="Move the folder away"),
        processes.running(server, log=home / "log"),
    ):
        pass
