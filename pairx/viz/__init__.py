"""Drawing: the only room where maps are coloured, scaled and clipped. It sees only `pairx.types`."""
