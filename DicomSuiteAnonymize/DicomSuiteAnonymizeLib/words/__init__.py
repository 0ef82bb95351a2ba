"""Text that stays readable when what identifies is taken out of it: descriptions and structured content."""
