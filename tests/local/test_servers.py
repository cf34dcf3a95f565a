import psycopg
import redis

from tests import servers


def test_every_worker_has_a_database_of_its_own(database_url: str, worker: str) -> None:
    with psycopg.connect(database_url) as session:
        assert session.execute("SELECT current_database()").fetchone() == (f"counterflow_{worker}",)


def test_a_copy_holds_what_its_template_holds_and_the_template_is_made_once(worker: str) -> None:
    def make(url: str) -> None:
        with psycopg.connect(url) as session:
            session.execute("CREATE TABLE grown (ring int)")

    for number in range(2):
        with (
            servers.database_of(f"{worker}_{number}", template=f"tree_{worker}", make=make) as url,
            psycopg.connect(url) as session,
        ):
            assert session.execute("SELECT count(*) FROM grown").fetchone() == (0,)


def test_the_broker_of_a_worker_answers(broker_url: str) -> None:
    with redis.Redis.from_url(broker_url) as client:
        assert client.ping() is True
