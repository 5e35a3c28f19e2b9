"""What all resources share on the wire: names, money, times, masks, pages, errors."""
