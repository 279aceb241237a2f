-- From where somebody did it, and what it changed: names of fields, never what stands in them.
alter table audit_entry
  add column address text,
  add column device text,
  add column detail text;
create index audit_entry_by_academy on audit_entry (academy_id, id desc);
create index audit_entry_by_actor on audit_entry (actor_id, id desc) where actor_id is not null;
create index audit_entry_by_subject on audit_entry (subject, id desc);
