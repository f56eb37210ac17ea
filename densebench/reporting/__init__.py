"""From runs on disk to tables, pictures and pages."""
