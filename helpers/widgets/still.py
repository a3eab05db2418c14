"""Still pictures where claims and explorers look for them."""

from helpers.widgets.picture import VIEW, StillPicture

__all__ = ["VIEW", "StillPicture"]
