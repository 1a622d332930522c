-- Where a device was last used: beside door and source, the service it opened there.
ALTER TABLE devices ADD COLUMN last_used_service TEXT;
