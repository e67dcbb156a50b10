"""Messages of the plugin, shown as napari shows its own."""


def show_message(sentence: str) -> None:
    """Show a sentence in napari's window, or where it prints without one."""
    from napari.utils.notifications import show_info

    show_info(sentence)
