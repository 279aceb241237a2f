-- Who has left and was forgotten: the row stays, as what was recorded names it, and says nothing of the person.
alter table member add column erased_at timestamptz;
create index member_to_erase on member (updated_at) where status = 'INACTIVE' and erased_at is null;
