"""What stands around the tabs: the template, the bar on top, the frame that keeps a tab's errors to itself."""
