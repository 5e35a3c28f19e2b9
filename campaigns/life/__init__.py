"""From draft to ended: versions, approval, launch, schedules and the kill switch."""
