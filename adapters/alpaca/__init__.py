"""Alpaca: ``wire`` parses, ``http`` and ``streams`` ask and listen, ``venue`` joins it to nautilus.

Names are imported from their own modules, so that who only parses does not load nautilus.
"""
