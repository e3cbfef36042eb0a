"""What people do with a mail: opens and clicks, spooled at the door and rolled up by workers."""
