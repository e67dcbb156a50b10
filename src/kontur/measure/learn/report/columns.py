"""The columns that the predictions depend on: permutation importance, and the lasso."""

from kontur.measure.learn.evaluation.importance import CORRELATED
from kontur.measure.learn.leakage import brightness_note
from kontur.measure.learn.report.section import SHOWN, Section, headline
from kontur.measure.learn.result import Study
from kontur.wording import listed

NAMED = 3  # correlated columns that a cell names
IMPORTANCE = {
    "importance": "how much worse held-out rows are predicted when a column is shuffled among "
    "them, so that it carries no information; it shows what this model uses, not a cause",
}
LASSO = {
    "lasso": "a linear model whose coefficients are penalised by their size, so that those of "
    "columns that add little become exactly 0",
}


def importance_section(study: Study) -> Section:
    """The drop of the headline score when columns are shuffled."""
    rows = [["column", "drop", "alone", "shuffled with it"]]
    for cluster in study.importance[:SHOWN]:
        first, *others = cluster.columns
        own_drop = str(cluster.column_drops[0]) if others else ""
        rows.append([first, str(cluster.drop), own_drop, listed(others, most=NAMED)])
    sentences = [
        f"Columns whose ranks correlate by more than {CORRELATED} are shuffled together; alone: "
        f"the first of them by itself. The drop is that of the {headline(study).name}."
    ]
    if study.importance and (note := brightness_note(study.task, study.importance[0].columns)):
        sentences.append(f"! {note[0].upper()}{note[1:]}.")
    title = "Importance: columns shuffled in held-out rows"
    return Section(title, rows, sentences, "importance.png", IMPORTANCE)


def lasso_section(study: Study) -> Section:
    """The columns that keep a coefficient at the chosen strength of the lasso."""
    path, task = study.lasso, study.task
    rows = [["column", "coefficient", "folds"]]
    for feature in path.kept[:SHOWN]:
        rows.append(
            [feature.name, f"{feature.coefficient:+.3f}", f"{feature.folds} of {len(path.loss)}"]
        )
    sign = ""
    if len(task.classes) == 2:
        sign = f" A coefficient above 0 speaks for {task.classes[1]}."
    elif task.classes:
        sign = " A coefficient is that of the class against the others where it is largest."
    part = f" The path uses {path.rows:,} of the rows." if path.rows < len(task.truth) else ""
    sentence = (
        f"{len(path.kept)} of {len(path.names)} columns keep a coefficient at the strongest lasso "
        f"({path.strengths[path.chosen]:.3g}) whose held-out loss is within one standard error of "
        f"the best; folds: in how many they keep one there too.{sign}{part}"
    )
    title = "Lasso: columns that keep a coefficient"
    return Section(title, rows, [sentence], "lasso-path.png", LASSO)
