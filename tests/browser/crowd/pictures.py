"""A widget with a picture, and a hand that points at pixels of the picture."""

import html
import json
from typing import Any


def widget(
    element: str,
    labels: list[str],
    *,
    name: str = "annotatedResult",
    src: str = "/picture/640x480.svg",
    form: str = "",
    more: str = "",
    inside: str = "",
) -> str:
    return (
        f'<crowd-form {form}>{inside}<{element} name="{name}" header="Mark it" src="{src}" '
        f'labels="{html.escape(json.dumps(labels))}" {more}></{element}></crowd-form>'
    )


class Picture:
    """The stage of a widget on `page`, the first one or that of `element`, when its picture is there."""

    def __init__(self, page: Any, element: str = "") -> None:
        self.page = page
        page.wait_for_function(
            "(element) => { window.widget = [...document.querySelectorAll(element || '*')].find((e) => e.stage); "
            "return widget?.stage.isReady; }",
            arg=element,
        )
        page.evaluate("() => widget.stage.root.scrollIntoView({ block: 'center' })")

    @property
    def scale(self) -> float:
        return self.page.evaluate("widget.stage.scale")

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel is on the page."""
        found = self.page.evaluate(
            """([x, y]) => {
              const box = widget.stage.root.getBoundingClientRect();
              const at = widget.stage.toStage({ x, y });
              return [box.left + at.x, box.top + at.y];
            }""",
            [x, y],
        )
        return found[0], found[1]

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.place(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 2) -> None:
        self.page.mouse.move(*self.place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(*end), steps=steps)
        self.page.mouse.up()

    def zoom_for(self, pixels: float, middle: tuple[float, float]) -> None:
        """As a person does: near enough for something of that size, with Ctrl and the wheel over it; else all of it."""
        self.page.evaluate("widget.stage.fit()")
        self.page.keyboard.down("Control")
        while pixels * self.scale < 12:
            self.page.mouse.move(*self.place(*middle))
            before = self.scale
            self.page.mouse.wheel(0, -300)
            self.page.wait_for_function("(before) => widget.stage.scale !== before", arg=before)
        self.page.keyboard.up("Control")

    def clicks(self, points: list[tuple[int, int]]) -> None:
        """One click after the other, while the picture stays where it is; a long row of them by script."""
        zero, one = self.place(0, 0), self.place(1, 1)
        places = [(zero[0] + x * (one[0] - zero[0]), zero[1] + y * (one[1] - zero[1])) for x, y in points]
        if len(places) > 20:
            self.page.evaluate(
                """(places) => {
                  for (const [clientX, clientY] of places) {
                    for (const type of ['pointerdown', 'pointerup']) {
                      widget.stage.root.dispatchEvent(new PointerEvent(type, {
                        clientX, clientY, altKey: true, pointerId: 77, pointerType: 'mouse', bubbles: true,
                      }));
                    }
                  }
                }""",
                places,
            )
            return
        for x, y in places:
            self.page.mouse.click(x, y)
