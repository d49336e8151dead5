"""The files we ship from elsewhere are exactly the ones we looked at, and every icon a page names is in the sprite."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
PACKAGES = sorted(path for path in [*VENDOR.iterdir(), *(ROOT / "tests" / "assets").iterdir()] if path.is_dir())


def test_every_vendored_file_has_the_recorded_sha256() -> None:
    recorded = json.loads(MANIFEST.read_text())
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(VENDOR.rglob("*"))
        if path.is_file() and path != MANIFEST
    }
    assert found == recorded


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_vendored_package_names_its_version_and_carries_its_licence(package: Path) -> None:
    assert re.fullmatch(r"[a-z0-9.-]+-\d+(\.\d+)+", package.name)
    assert (
        "ermission" in (package / "LICENSE").read_text()
        or "Mozilla Public License" in (package / "LICENSE").read_text()
    )


def test_no_static_file_points_at_a_source_map_that_is_not_there() -> None:
    """collectstatic with a manifest storage stops at the first one."""
    for path in [*VENDOR.rglob("*.css"), *VENDOR.rglob("*.js")]:
        assert "sourceMappingURL" not in path.read_text(), path


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static" / "icons.svg").read_text()))
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r'includes/icon\.html" with name="([^"]+)"', path.read_text())
    }
    assert named, "no template uses an icon any more: drop the sprite"
    assert {(path, name) for path, name in named if name not in sprite} == set()


def test_templates_keep_to_the_strict_content_security_policy() -> None:
    """No inline style, script or handler: the browser would drop them and the page would silently lose that part."""
    forbidden = re.compile(r"""\sstyle=|\son[a-z]+=["']|javascript:|<style|<script(?![^>]*\ssrc=)""", re.IGNORECASE)
    found = [
        (path.relative_to(ROOT).as_posix(), match.group(0))
        for path in (ROOT / "templates").rglob("*.html")
        # A task's preview is a document of its own, in a sandbox with a policy of its own.
        if path.relative_to(ROOT).as_posix() != "templates/hits/preview.html"
        for match in forbidden.finditer(
            re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.S)
        )
    ]
    assert found == []
