"""What people can read in pixels: found by rule, region or text recognition, and blanked without any other change."""
