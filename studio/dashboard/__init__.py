"""Look at runs in a browser: the log and, where there is one, the running world, in eight tabs.

`dashboard_server.serve_dashboard` opens one. Views and what they are made of load Panel when they are imported.
"""
