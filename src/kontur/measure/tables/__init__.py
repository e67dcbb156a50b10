"""Tables, whoever made them: CSV and Parquet, what a column is, columns selected, rows grouped."""
