"""What Deep Snake's graphs take and give: names, shapes, and which axes may differ."""

import numpy as np

from kontur.models.family import GraphExample
from kontur.models.snake.config import DIAMOND_POINTS, SnakeConfig, evolve_graph
from kontur.models.snake.neighbours import thinned
from kontur.models.snake.observe import channels
from kontur.models.snake.refiner_config import AttentionRefinerConfig, RecurrentRefinerConfig


def graphs(config: SnakeConfig) -> dict[str, GraphExample]:
    """One small input for each graph, for its export; b images, m objects."""
    side = config.multiple * 2
    cells, objects = side // config.stride, 3
    maps = {"features": np.zeros((1, cells, cells, config.features), np.float32)}
    if config.has_edge:
        maps["detail"] = np.zeros((1, side, side, config.edge.channels), np.float32)
    axes = {"features": {0: "b", 1: "h", 2: "w"}, "detail": {0: "b", 1: "H", 2: "W"}}
    image_index = np.zeros(objects, np.int64)
    diamonds = np.random.default_rng(0).uniform(0, side, (objects, DIAMOND_POINTS, 2))
    contours = np.random.default_rng(0).uniform(0, side, (objects, config.points, 2))
    found = {"scores": {0: "b", 2: "h2", 3: "w2"}, "boxes": {0: "b", 2: "h2", 3: "w2"}}
    if config.detector == "rpn":  # a anchors in place of cells
        found = {"scores": {0: "b", 1: "a"}, "deltas": {0: "b", 1: "a"}}

    def of_objects(
        read: dict[str, np.ndarray], name: str, rings: np.ndarray, output: str, axis: int
    ) -> GraphExample:
        return GraphExample(
            inputs={**read, name: rings.astype(np.float32), "image_index": image_index},
            outputs=(output,),
            dynamic={
                **{each: axes[each] for each in read},
                name: {0: "m"},
                "image_index": {0: "m"},
                output: {axis: "m"},
            },
        )

    features = {"features": maps["features"]}
    start = {"extremes": of_objects(features, "diamonds", diamonds, "extremes", 0)}
    if config.initial == "learned":
        start = {"start": of_objects(features, "diamonds", diamonds, "starts", 1)}
    graphs = {
        "detect": GraphExample(
            inputs={"images": np.zeros((1, config.channels, side, side), np.float32)},
            outputs=(*maps, *found),
            dynamic={
                "images": {0: "b", 2: "H", 3: "W"},
                **{each: axes[each] for each in maps},
                **found,
            },
        ),
        **start,
        **contour_stages(of_objects(features, "contours", contours, "stages", 1), config),
    }
    if config.has_edge:
        graphs["edge"] = of_objects(maps, "contours", contours, "moved", 0)
    if config.quality:
        graphs["quality"] = of_objects(features, "contours", contours, "quality", 0)
    if config.has_agent:
        width = channels(config.polish, 1 + config.has_edge, config.features)
        graphs["polish"] = GraphExample(
            inputs={"observations": np.zeros((objects, config.points, width), np.float32)},
            outputs=("distances", "modes"),
            dynamic={name: {0: "m"} for name in ("observations", "distances", "modes")},
        )
    return graphs


def contour_stages(evolve: GraphExample, config: SnakeConfig) -> dict[str, GraphExample]:
    """All stages at once; one that is run again and again; or one by one, with the neighbours."""
    n, objects = config.points, len(evolve.inputs["image_index"])
    one = {name: axes for name, axes in evolve.dynamic.items() if name != "stages"}
    one["moved"] = {0: "m"}
    if isinstance(config.refiner, RecurrentRefinerConfig):
        memory = np.zeros((config.refiner.layers, objects, n, config.refiner.memory), np.float32)
        inputs = {**evolve.inputs, "memory": memory}
        dynamic = {**one, "memory": {1: "m"}, "remembered": {1: "m"}}
        return {"iterate": GraphExample(inputs, ("moved", "remembered"), dynamic)}
    if config.has_neighbours:
        assert isinstance(config.refiner, AttentionRefinerConfig)
        around = config.refiner.neighbours, len(range(n)[thinned(n)]), 2
        inputs = {**evolve.inputs, "around": np.zeros((objects, *around), np.float32)}
        example = GraphExample(inputs, ("moved",), {**one, "around": {0: "m"}})
        return {evolve_graph(stage): example for stage in range(config.stages_run)}
    return {"evolve": evolve}
