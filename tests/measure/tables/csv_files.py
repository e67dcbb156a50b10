"""Files of CSV, as spreadsheets save them."""

from kontur.measure.tables.table_files import read_table


def written(path, rows, *, delimiter=",", end="\n", encoding="utf-8", before=""):
    lines = [delimiter.join(row) for row in rows]
    path.write_bytes((before + end.join(lines) + end).encode(encoding))
    return read_table(path)
