"""Display: how images and outlines are shown, whatever file or window they are shown in."""
