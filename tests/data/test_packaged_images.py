import subprocess
import sys

from kontur.data.packaged_images import COINS, NUCLEI, PackagedImage
from kontur.images.image_file import read_image


def test_the_nuclei_and_the_coins_are_found():
    assert read_image(NUCLEI.path()).pixels.shape == (1024, 1344, 3)
    assert read_image(COINS.path()).pixels.shape == (303, 384, 1)


def test_finding_them_imports_nothing_of_their_packages():
    program = (
        "import sys; from kontur.data.packaged_images import COINS, NUCLEI;"
        "COINS.path(), NUCLEI.path();"
        "print([m for m in ('mahotas', 'skimage', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_package_that_is_not_there_has_no_image():
    assert PackagedImage("x", "no_such_package", "x.png", "", str).path() is None
    assert PackagedImage("x", "numpy", "no/such/file.png", "", str).path() is None
