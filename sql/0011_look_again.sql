-- A lost answer is looked after again and again, as a failure that time heals: the handler looks before it does anything
-- twice, and nobody but the provider knows whether a person was told.
create or replace function redrive_wait(class text, redrives int) returns interval language sql immutable as $$
  select case when class in ('transient', 'unknown')
    then (array['1 min', '5 min', '30 min', '2 h', '8 h'])[redrives + 1]::interval end
$$;

update failed_event set next_redrive_at = now() + redrive_wait(class, redrives)
where status = 'OPEN' and class = 'unknown' and next_redrive_at is null;
