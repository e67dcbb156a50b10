"""`python -m kontur`: the command line where no path leads to the command `kontur`."""

from kontur.cli import main

if __name__ == "__main__":  # processes that are spawned import this file, too
    main()
