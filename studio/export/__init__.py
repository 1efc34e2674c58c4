"""Graph to files: the package that ships, with its tests and the runtime; new projects from templates.

Nothing is decompiled: `studio.source.render` writes what authors wrote. What a package does when it runs is
`studio.packaged`.
"""
