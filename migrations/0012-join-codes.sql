-- What people type who stand before a big screen. Null for all polls before this: their links have been handed out, and nobody shows them a code. So
-- also for those that an older admin process makes meanwhile.
alter table poll add column join_code text collate "C";
