"""What installed packages add to densebench."""
