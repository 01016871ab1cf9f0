"""Files as people have them, made by a script: each with what is asked of it, and the table or the line that comes of it."""
