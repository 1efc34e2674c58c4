"""The JupyterLab extension: what a notebook declares, beside it.

Here is the kernel's side. The browser's is in `frontend` (TypeScript) and, built, in `labextension`, which is what
travels; `templates` holds the cells that its commands insert.
"""
