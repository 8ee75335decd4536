-- For the views of the page: the next appointments of a service, and its tickets that ended last.
CREATE INDEX IF NOT EXISTS tickets_upcoming ON tickets (service_id, time) WHERE status = 'upcoming';
CREATE INDEX IF NOT EXISTS tickets_ended ON tickets (service_id, status_at) WHERE status IN ('served', 'cancelled', 'noShow');
