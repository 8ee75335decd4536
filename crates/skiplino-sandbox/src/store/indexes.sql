-- For whoever looks on: the next appointments of a service, and the tickets that it was done with last.
CREATE INDEX IF NOT EXISTS tickets_upcoming ON tickets (service_id, time) WHERE status = 'upcoming';
CREATE INDEX IF NOT EXISTS tickets_ended ON tickets (service_id, status_at) WHERE status IN ('served', 'cancelled', 'noShow');
