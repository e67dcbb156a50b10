import pytest
from PIL import Image

import kontur as package
from kontur import extra
from kontur.cli import demo as command
from kontur.data.packaged_images import PackagedImage

CORNERS = {"nuclear": (448, 352), "coins": (160, 128)}  # pixels, across and down
ENDINGS = (".png", ".geojson", ".labels.tif", ".csv")


@pytest.fixture(autouse=True)
def corners(tmp_path_factory, monkeypatch):
    """Of the real images a part alone, which is as real and sooner outlined."""
    folder = tmp_path_factory.mktemp("corners")

    class Corner(PackagedImage):
        def path(self):
            part = folder / f"{self.name}.png"
            with Image.open(PackagedImage.path(self)) as whole:
                whole.crop((0, 0, *CORNERS[self.name])).save(part)
            return part

    monkeypatch.setattr(command, "SHOWN", tuple(Corner(*shown) for shown in command.SHOWN))


def test_the_demo_outlines_real_images_in_three_formats(kontur, tmp_path):
    out = tmp_path / "demo"
    output = kontur("demo", "--out", out)
    assert {path.name for path in out.iterdir()} == {
        *(f"{name}{end}" for name in ("nuclear", "coins") for end in ENDINGS),
        *("nuclear.overlay.png", "coins.overlay.png", "predict.json"),
    }
    assert package.read(out / "nuclear.geojson").size == CORNERS["nuclear"][::-1]
    counts = {len(package.read(out / f"nuclear{end}")) for end in ENDINGS[1:]}
    assert len(counts) == 1
    assert counts.pop() > 3
    assert f"look at {out / 'nuclear.overlay.png'}" in output
    assert f"open in QuPath: {out / 'nuclear.png'}" in output
    assert f"open in Fiji or napari: {out / 'nuclear.png'} and nuclear.labels.tif" in output
    assert "measure the objects (the extra tables): kontur measure" in " ".join(output.split())
    (words,) = (line.partition(": ")[2] for line in output.splitlines() if "kontur measure" in line)
    kontur(*words.split()[1:])
    assert (out / "table.csv").exists()
    assert "nuclear: already there" in kontur("demo", "--out", out)


def test_an_image_whose_package_is_not_installed_is_left_out_openly(
    kontur, model, tmp_path, monkeypatch
):
    gone = PackagedImage(
        *("gone", "no_such_package", "x.png", "nothing"), lambda: "pip install no-such-package"
    )
    monkeypatch.setattr(command, "SHOWN", (gone, command.SHOWN[1]))
    output = kontur("demo", "--model", model, "--out", tmp_path)
    assert "gone: left out (pip install no-such-package brings the image)" in output
    assert (tmp_path / "coins.geojson").exists()


@pytest.mark.parametrize("shown", [()])
def test_without_any_image_it_says_what_to_install(kontur, model, tmp_path, monkeypatch, shown):
    monkeypatch.setattr(command, "SHOWN", shown)
    output = kontur("demo", "--model", model, "--out", tmp_path, code=1)
    assert extra.install("demo") in output
