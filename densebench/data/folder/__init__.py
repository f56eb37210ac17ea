"""``folder:PATH``: the user's own PNG and JPEG files, listed, checked and decoded."""
