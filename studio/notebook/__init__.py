"""The notebook's face: magics, one session for each kernel, and the cards that studio cells answer with."""
