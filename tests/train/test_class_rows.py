"""Classes of a start are found again by their names, whatever their order and number."""

import pytest
import torch

from kontur.models import catalog
from kontur.train.network import InitialWeights, load_matching_weights


def of(segmenter):
    return InitialWeights(segmenter.state_dict(), classes=tuple(segmenter.config.classes))


def tiny(**changes):
    return catalog.segmenter("snake", catalog.config("snake", changes, preset="tiny"))


def test_classes_of_another_number_begin_alike_and_sizes_as_they_were_learned():
    one, three = (
        catalog.segmenter("snake", catalog.config("snake", {"classes": classes}, preset="tiny"))
        for classes in (("object",), ("a", "b", "c"))
    )
    said = load_matching_weights(three, of(one), "nuclei")
    assert said.startswith("all ")
    assert said.endswith(" weights taken over")
    before, after = one.detector.heads.weight, three.detector.heads.weight
    torch.testing.assert_close(after[:3], before[:1].expand(3, *before.shape[1:]))
    torch.testing.assert_close(after[3:], before[1:])
    torch.testing.assert_close(three.detector.heads.bias[3:], one.detector.heads.bias[1:])


CLASSIFIERS = {
    "centernet": ("snake", {}),
    "rpn": ("snake", {"detector": "rpn"}),
    "rpn with background": ("snake", {"detector": "rpn", "rpn": {"logits": "softmax"}}),
    "maskrcnn": ("maskrcnn", {}),
    "unet": ("unet", {}),
    "semantic unet": ("unet", {"task": "semantic"}),
    "transunet": ("transunet", {}),
    "swinunet": ("swinunet", {}),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes_are_taken_over_by_name_in_every_family(name):
    kind, values = CLASSIFIERS[name]

    def segmenter(*classes):
        settings = catalog.config(kind, {**values, "classes": classes}, preset="tiny")
        return catalog.segmenter(kind, settings).eval()

    start, turned, back, wider, new = (
        segmenter(*names)
        for names in (
            *(("a", "b", "c"), ("c", "a", "b"), ("a", "b", "c")),
            *(("x", "c", "a", "b"), ("x", "y", "z")),
        )
    )
    for network, origin in ((turned, start), (back, turned)):
        said = load_matching_weights(network, of(origin), "start")
        assert said.endswith("weights taken over")
    again = back.state_dict()
    assert all(torch.equal(value, again[key]) for key, value in start.state_dict().items())
    assert any(
        not torch.equal(value, turned.state_dict()[key])
        for key, value in start.state_dict().items()
    )
    said = load_matching_weights(wider, of(start), "start")
    assert said.startswith("all ")
    assert said.endswith("of the classes c, a, b taken over, x new (as the mean of a, b, c)")
    said = load_matching_weights(new, of(start), "start")
    assert "of the classes none taken over, x, y, z new" in said
    for layer in new.class_rows:
        weight = new.get_submodule(layer).weight
        rows = wider.class_rows[layer]
        mean = of_class(wider, layer, 0)
        assert all(torch.equal(of_class(new, layer, k), mean) for k in range(3))
        old = torch.stack([of_class(start, layer, k) for k in range(3)])
        torch.testing.assert_close(mean, old.mean(0))
        assert torch.equal(of_class(wider, layer, 1), old[2])
        before = weight.unflatten(0, (rows.groups, -1))[:, : rows.before]
        kept = start.get_submodule(layer).weight.unflatten(0, (rows.groups, -1))[:, : rows.before]
        assert torch.equal(before, kept)


def of_class(segmenter, layer, k):
    """The rows of a class in a layer's weight, picked one by one."""
    rows, weight = segmenter.class_rows[layer], segmenter.get_submodule(layer).weight
    per_group = len(weight) // rows.groups
    first = rows.before + k * rows.each
    return torch.stack(
        [weight[g * per_group + first + i] for g in range(rows.groups) for i in range(rows.each)]
    )


def test_a_snake_of_the_same_classes_in_another_order_scores_each_as_before():
    start, turned = tiny(classes=("bright", "dark")), tiny(classes=("dark", "bright"))
    torch.nn.init.normal_(start.detector.heads.weight)
    load_matching_weights(turned, of(start), "start")
    images = torch.rand(1, start.config.channels, 64, 64)
    with torch.no_grad():
        before, after = (each.eval().detector(images).heatmap for each in (start, turned))
    torch.testing.assert_close(after, before.flip(1))


def test_one_class_of_a_unet_has_no_rows_and_other_tasks_share_no_head():
    def unet(*classes, task="instances"):
        settings = catalog.config("unet", {"classes": classes, "task": task}, preset="tiny")
        return catalog.segmenter("unet", settings)

    one, two, semantic = unet("a"), unet("a", "b"), unet("a", "b", task="semantic")
    drawn = two.body.head.weight[3:].clone()
    assert load_matching_weights(two, of(one), "start").startswith("all ")
    assert torch.equal(two.body.head.weight[:3], one.body.head.weight)
    assert torch.equal(two.body.head.weight[3:], drawn)
    assert load_matching_weights(unet("b"), of(two), "start").startswith("all ")
    assert "random are body.head.weight" in load_matching_weights(semantic, of(one), "start")
