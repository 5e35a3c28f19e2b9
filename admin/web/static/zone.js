// Where the reader is, for the times of the next page.
document.cookie = "tierwise_zone=" + Intl.DateTimeFormat().resolvedOptions().timeZone + "; path=/; max-age=31536000; samesite=lax";
