"""The one error that a user is meant to read.

All checks of input (files, configs, `Instances`, the command line) raise `InputError` with a
sentence that states what was wanted, what came and what to do. The command line prints that
sentence and exits with 1; any other exception is a defect of Kontur and keeps its traceback.
"""

NOT_WRITTEN = "could not write"  # an `OSError` of ours says so before the reason of the system
REASON = 200  # characters of another program's message, which may hold a whole graph


class InputError(ValueError):
    """Bad input; the message is one sentence: what was wanted, what came, what to do."""


class DamagedFileError(InputError):
    """A file of which a part is missing or was changed."""


class NoSuchPageError(InputError):
    """A page of a file that has not so many."""


def reason_of(error: BaseException, *, most: int = REASON) -> str:
    """What another program's exception says, in one line of at most so many characters.

    Its class where it says nothing.

    >>> reason_of(ValueError("no\\n  header")), reason_of(KeyError())
    ('no header', 'KeyError')
    >>> len(reason_of(ValueError("no graph " * 1000)))
    200
    """
    return " ".join(str(error).split())[:most] or type(error).__name__
