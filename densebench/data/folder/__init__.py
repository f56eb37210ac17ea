"""``folder:PATH``: the user's own image files, listed, checked and decoded."""
