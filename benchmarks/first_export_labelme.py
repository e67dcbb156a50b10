"""labelme's window, driven by keys and clicks; needs labelme 6, and nothing of Kontur.

Reads `{"folder", "out", "rings"}` as JSON, traces the rings in the first image, drags a vertex,
waits until the file is written, and prints how many gestures that were. See `first_export.py`.
"""

import json
import sys
import time
from pathlib import Path

from labelme.app import MainWindow
from PyQt5 import QtCore, QtTest, QtWidgets

LEFT = QtCore.Qt.LeftButton
PATIENCE = 30  # seconds


def main() -> None:
    task = json.loads(sys.stdin.read())
    program = QtWidgets.QApplication([])
    window = MainWindow(
        config_overrides={"labels": None}, file_or_dir=task["folder"], output_dir=task["out"]
    )
    window.resize(1400, 900)
    window.show()
    QtTest.QTest.qWaitForWindowExposed(window)
    until(lambda: window._canvas_widgets.canvas.pixmap.width() > 0)
    canvas = window._canvas_widgets.canvas
    counts = {"keys": 0, "clicks": 0, "drags": 0}

    def place(point: list[float]) -> QtCore.QPoint:
        origin = canvas._compute_image_origin_offset()
        x, y = ((point[0] + origin.x()) * canvas.scale, (point[1] + origin.y()) * canvas.scale)
        return QtCore.QPoint(round(x), round(y))

    def key(widget: QtWidgets.QWidget, *pressed: object) -> None:
        QtTest.QTest.keyClick(widget, *pressed)
        counts["keys"] += 1

    def name_it() -> None:
        """Answer the dialog that asks for a label: a name the first time, then Enter alone."""
        dialog = program.activeModalWidget()
        if dialog is None or not dialog.isVisible():
            return
        if not dialog.edit.text():
            for letter in "nucleus":
                key(dialog.edit, letter)
        QtTest.QTest.keyClick(dialog.edit, QtCore.Qt.Key_Return)  # without a screen it may be lost

    naming = QtCore.QTimer()
    naming.timeout.connect(name_it)
    naming.start(20)
    key(window, QtCore.Qt.Key_N, QtCore.Qt.ControlModifier)
    for number, ring in enumerate(task["rings"]):
        for point in [*ring, ring[0]]:
            QtTest.QTest.mouseMove(canvas, place(point))
            QtTest.QTest.mouseClick(canvas, LEFT, pos=place(point))
            counts["clicks"] += 1
            if len(canvas.shapes) > number:  # it is closed by a click near its first point
                break
        until(lambda number=number: len(canvas.shapes) == number + 1)
        counts["keys"] += 1  # Enter
    key(window, QtCore.Qt.Key_J, QtCore.Qt.ControlModifier)
    x, y = task["rings"][0][0]
    QtTest.QTest.mouseMove(canvas, place([x, y]))
    QtTest.QTest.mousePress(canvas, LEFT, pos=place([x, y]))
    QtTest.QTest.mouseMove(canvas, place([x - 4, y - 4]))
    QtTest.QTest.mouseRelease(canvas, LEFT, pos=place([x - 4, y - 4]))
    counts["drags"] += 1
    wanted = len(task["rings"])
    until(lambda: shapes_in(Path(task["out"])) == wanted)
    print(json.dumps(counts | {"shapes": len(canvas.shapes)}))


def shapes_in(folder: Path) -> int:
    for path in folder.glob("*.json"):
        return len(json.loads(path.read_text())["shapes"])
    return 0


def until(holds) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "labelme did not get there"
        QtTest.QTest.qWait(20)


if __name__ == "__main__":
    main()
