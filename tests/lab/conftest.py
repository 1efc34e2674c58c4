"""A notebook without a kernel, as the notebook's own tests have it."""

from __future__ import annotations

from tests.notebook.conftest import Notebook, bare_shell, notebook

__all__ = ["Notebook", "bare_shell", "notebook"]
