"""What providers and council teams say to each other: so far, the changes of details that providers ask for."""
