"""Step 4: the room asks for a name and says who speaks, who comes and who goes."""
