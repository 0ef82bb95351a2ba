"""What a user decides: profiles, their files and their editor, and the rules of other programs taken over."""
