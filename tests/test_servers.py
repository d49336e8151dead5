"""The test servers themselves: a fixture that lies makes every other test worthless."""

import socket
import urllib.request

import pytest

from tests import servers


def test_the_network_beyond_this_machine_is_blocked():
    with pytest.raises(servers.NetworkUsed, match=r"192\.0\.2\.1"), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(servers.NetworkUsed), socket.socket() as outside:
        outside.connect_ex(("192.0.2.1", 80))
    with pytest.raises(servers.NetworkUsed, match=r"example\.com"):
        urllib.request.urlopen("http://example.com/")


def test_loopback_stays_open():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.connect(listener.getsockname())


def test_redis_keeps_what_it_is_told(redis_server):
    import redis

    client = redis.Redis.from_url(redis_server)
    client.set("key", "value")
    assert client.get("key") == b"value"


def test_postgres_makes_separate_databases(postgres_server):
    import psycopg

    first, second = postgres_server.database("first"), postgres_server.database("second")
    with psycopg.connect(first, autocommit=True) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(second) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM only_here")


@pytest.mark.browser
def test_the_browser_runs_scripts_and_reaches_only_this_machine(page):
    from playwright.sync_api import Error

    page.set_content("<p id=p></p><script>document.getElementById('p').textContent = 6 * 7</script>")
    assert page.text_content("#p") == "42"
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.com/")


def test_a_missing_browser_is_said_with_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(servers.Missing, match="apt-get install chromium"):
        servers.chromium()
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "nothing"))
    with pytest.raises(servers.Missing, match="nothing"):
        servers.chromium()


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(tmp_path):
    server = servers.Server(["sh", "-c", "echo no such data; exit 3"], log=tmp_path / "log")
    with pytest.raises(servers.Broken, match="ended with 3:\nno such data"):
        server.wait_until(lambda: False)
