"""Renders the sample herd: bodies, coats, poses, scenes."""
