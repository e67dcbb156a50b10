"""Plots of tables: distributions, scatter, galleries of objects, outlines coloured by a column.

Every plot is a matplotlib `Figure` of its own; nothing is set globally. `plan.make_plan` chooses
the plots of a table, `page.page` combines them into one HTML file that loads nothing else.
"""
