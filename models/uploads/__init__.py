"""Files of figures that providers upload: read, checked, mended and applied."""
