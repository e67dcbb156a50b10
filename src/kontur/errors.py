"""The one error that a user is meant to read.

Every door (files, configs, `Instances`, the command line) raises `InputError` with a sentence
that says what was wanted, what came and what to do. The command line prints that sentence and
exits with 1; any other exception is a defect of ours and keeps its traceback.
"""


class InputError(ValueError):
    """Bad input, said in one sentence: what was wanted, what came, what to do."""
