-- What was done to one poll, newest first, for whoever manages it.
create index audit_event_of_poll on audit_event (poll_id, id desc) where poll_id is not null;
