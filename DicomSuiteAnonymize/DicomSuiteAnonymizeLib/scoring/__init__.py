"""How well a folder was de-identified, by an answer key and MIDI-B's ten actions."""
