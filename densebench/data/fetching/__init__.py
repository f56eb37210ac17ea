"""Files from servers: resumed, checked, and over https alone."""
