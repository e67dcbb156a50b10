"""Tables as pictures: distributions, scatter, galleries of objects, outlines coloured by a column.

Every plot is a matplotlib `Figure` of its own; nothing is set globally. `plan.make_plan`
decides which plots a table gives, `page.page` binds them into one HTML file that loads nothing.
"""
