"""Models and migrations agree, in both projects, and migrations apply to an empty database of either kind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

PROJECTS = ("dashboard", "marketplace")


def django_admin(project: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": f"{project}.settings", **variables}
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("project", PROJECTS)
def test_no_migration_is_missing(project: str, tmp_path: Path):
    done = django_admin(project, "makemigrations", "--check", "--dry-run", HITDESK_DATA=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("project", PROJECTS)
def test_migrations_apply_to_sqlite(project: str, tmp_path: Path):
    done = django_admin(project, "migrate", HITDESK_DATA=str(tmp_path), DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No migrations to apply" not in done.stdout


@pytest.mark.parametrize("project", PROJECTS)
def test_migrations_apply_to_postgres(project: str, tmp_path: Path, postgres_server):
    url = postgres_server.database(f"migrate_{project}")
    done = django_admin(project, "migrate", HITDESK_DATA=str(tmp_path), DATABASE_URL=url, MARKETPLACE_DATABASE_URL=url)
    assert done.returncode == 0, done.stdout + done.stderr
    import psycopg

    with psycopg.connect(url) as connection:
        applied = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
    assert applied
    assert applied[0] > 0
