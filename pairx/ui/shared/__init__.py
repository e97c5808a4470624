"""What the tabs share: photographs, sessions, links, files, the parts of the page."""
