"""The model that is fitted on all images, with what the folds found out for it."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kontur.models import catalog
from kontur.models.archive import Model
from kontur.models.card import Card, Thresholds


def with_what_folds_found(
    model: Model, folds: Sequence[Card], scores: Mapping[str, float], *, trained: bool
) -> Model:
    """The model with the thresholds, the settings of decoding and the mean scores of the folds.

    Those that its own run found are of images that it had learned from. Of settings that were
    tuned beside the thresholds the commonest are taken, with the median thresholds of their folds;
    everything else is as it was fitted. What is tuned and not `trained` keeps what all images
    gave: there is nothing else to it. `folds` are the cards of at least one finished fold.
    """
    card = model.card
    said = f"scores are means over {len(folds)} folds"
    if trained:
        said += ", thresholds their medians"
        tuned, thresholds = _commonest(folds, catalog.family(card.kind).tunable_fields)
        card = card.replace(config={**card.config, **tuned}, thresholds=thresholds.model_dump())
    told = {**card.training, "cross_validation": said}
    card = card.replace(scores=dict(scores), training=told)
    if card.config == model.card.config:
        return replace(model, card=card)
    from kontur.infer.engine import rebuild
    from kontur.train.export import to_model

    return to_model(rebuild(replace(model, card=card)), card)  # graphs know how much is decoded


def _commonest(folds: Sequence[Card], names: Sequence[str]) -> tuple[dict[str, object], Thresholds]:
    found = [{name: card.config[name] for name in names if name in card.config} for card in folds]
    keys = [json.dumps(each, sort_keys=True) for each in found]
    commonest = statistics.mode(keys)
    alike = [card.thresholds for card, key in zip(folds, keys, strict=True) if key == commonest]
    thresholds = Thresholds(
        score=round(statistics.median(each.score for each in alike), 4),
        overlap=round(statistics.median(each.overlap for each in alike), 4),
    )
    return found[keys.index(commonest)], thresholds
