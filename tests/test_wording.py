from kontur.wording import nearest


def test_nearest_names_one_choice_or_all_of_them():
    assert nearest("heatmp", ["heatmap", "size"]) == "did you mean 'heatmap'?"
    assert nearest("zzz", ["heatmap", "size"]) == "known are heatmap, size"
