"""Hold the pictures that a dashboard and a notebook share: one JavaScript module each, with its Python sides."""
