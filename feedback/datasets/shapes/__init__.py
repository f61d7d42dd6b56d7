"""Record shapes: one module each, one line at a time from frozen rows. Adding one is a module here and a choice of
`Export.Shape`.
"""
