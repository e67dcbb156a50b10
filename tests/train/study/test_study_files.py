import pytest

from kontur.errors import InputError
from kontur.train.study.study_files import STUDY, StudyFiles


def test_a_study_begins_beside_hidden_files_and_among_no_others(tmp_path):
    (tmp_path / ".DS_Store").write_text("of the system")
    (tmp_path / "a.png").write_text("an image")
    with pytest.raises(InputError, match=r"holds other files and no study \(a\.png\)"):
        StudyFiles(tmp_path, {}).open(force=True)
    (tmp_path / "a.png").unlink()
    StudyFiles(tmp_path, {}).open(force=False)
    assert (tmp_path / STUDY).exists()
