"""The network on tables beside scikit-learn's own, on its bundled tables, same folds.

python benchmarks/table_networks.py
"""

import time
import warnings

from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kontur.measure.tabular.estimators import NetworkClassifier, NetworkRegressor

FOLDS = 5
TABLES = {"breast cancer": load_breast_cancer, "wine": load_wine, "diabetes": load_diabetes}


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)
    NetworkClassifier(epochs=1).fit([[0], [1]], [0, 1])  # so that no fit pays for importing torch
    print("| table | rows × columns | scikit-learn | ours |\n| --- | --- | --- | --- |")
    for name, load in TABLES.items():
        rows, target = load(return_X_y=True)
        number = load is load_diabetes
        kind = KFold if number else StratifiedKFold
        folds = kind(FOLDS, shuffle=True, random_state=0)
        reference = (MLPRegressor if number else MLPClassifier)(random_state=0, max_iter=1000)
        cells = [name, f"{len(rows)} × {rows.shape[1]}"]
        for network in (reference, NetworkRegressor() if number else NetworkClassifier()):
            begun = time.process_time()
            scores = cross_val_score(
                make_pipeline(StandardScaler(), network), rows, target, cv=folds
            )
            seconds = (time.process_time() - begun) / FOLDS
            cells.append(f"{scores.mean():.3f} ± {scores.std(ddof=1):.3f}, {seconds:.2f} s")
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
