-- A claim must stay fast while somebody holds an old snapshot, and one tenant's backlog must not delay another's one job.
--
-- A lane is one priority of one queue. Within a lane jobs run in the order of turn_at, a virtual time that mostly grows:
-- a claimant remembers how far it has come and does not read what lies behind, dead rows that nobody may remove yet
-- included. Lanes are merged by how long their jobs have waited less a minute for each step of priority, so that nothing
-- waits for ever.
ALTER TABLE queue.job
    ADD COLUMN tenant  queue.label,
    ADD COLUMN turn_at timestamptz NOT NULL DEFAULT queue.now();

UPDATE queue.job SET turn_at = run_at;

-- What is to run next in this lane?
DROP INDEX queue.job_available;
CREATE INDEX job_available ON queue.job (queue, priority, turn_at, job_id) WHERE state = 'available';

-- Which turn has this tenant's last waiting job?
CREATE INDEX job_tenant_turn ON queue.job (queue, priority, tenant, turn_at)
    WHERE state = 'available' AND tenant IS NOT NULL;

-- Whose time has come, in this queue?
DROP INDEX queue.job_scheduled_due;
CREATE INDEX job_scheduled_due ON queue.job (queue, run_at) WHERE state = 'scheduled';

-- What runs in this queue, the oldest claim first? Not by lease_until: an index on it would make every heartbeat rewrite
-- its entry.
DROP INDEX queue.job_running;
CREATE INDEX job_running ON queue.job (queue, lease_epoch) WHERE state = 'running';

-- How far the turns of a lane have come: a tenant that has nothing waiting joins here, as do jobs that have none. Written
-- a few times a second while jobs of tenants wait, and gone when none does: then a turn begins now.
CREATE TABLE queue.lane (
    queue     queue.label    NOT NULL,
    priority  queue.priority NOT NULL,
    served_at timestamptz    NOT NULL,

    PRIMARY KEY (queue, priority)
)
WITH (fillfactor = 50);
