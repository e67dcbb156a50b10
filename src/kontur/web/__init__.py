"""The page: images and their outlines in a browser, corrected by hand, and training on them.

`serve` runs it on this machine alone. Pages and programs talk to `app`, whose calls are described
by OpenAPI; the front end in `page/` is plain JavaScript modules. What is corrected is kept in
`history` at once, and written beside the images.
"""
