"""Tasks run in frames of opaque origin: modules load there only from a server that lets anybody have them."""

import pytest
from django.test import Client


@pytest.mark.parametrize(
    "name", ["crowd-html-elements.js", "crowd-html-elements-v2.js", "elements.js", "drawing/stage.js"]
)
def test_the_elements_are_served_to_any_origin_as_scripts(name: str) -> None:
    answer = Client().get(f"/static/crowd/{name}")
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Content-Type"].split(";")[0] in ("text/javascript", "application/javascript")
