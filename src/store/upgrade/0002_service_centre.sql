-- Version 2: what a SIM's service centre was (fault 58).
ALTER TABLE lines ADD COLUMN smsc TEXT;
