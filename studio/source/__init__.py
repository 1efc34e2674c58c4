"""Where declarations come from: notebook cells and Python files, made into modules that can be executed again."""
