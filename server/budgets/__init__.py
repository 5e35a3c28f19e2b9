"""What campaigns may use and have used."""
