"""Private attributes that may stay, and overlays: judged with their neighbours."""
