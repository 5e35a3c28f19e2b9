"""How a coupon leaves the house: by a folder of files, or to a provider who knows the shop's customers."""
