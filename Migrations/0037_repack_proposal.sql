-- What the background re-packer would move, for operators to read and to make: every proposal's gain for a while, the moves of
-- the newest one only.

CREATE TABLE muster.repack_proposal (
    repack_proposal_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    proposed_at        timestamptz NOT NULL DEFAULT muster.now(),
    inventory_version  bigint      NOT NULL,
    move_count         integer     NOT NULL,
    -- Time of room for one more instance of 32 vCPU and 96 GiB, over all hosts.
    large_slot_seconds bigint      NOT NULL,
    hosts_emptied      integer     NOT NULL,

    CONSTRAINT repack_proposal_not_negative CHECK (least(move_count, large_slot_seconds, hosts_emptied) >= 0)
);

-- Reservations and orders are not referred to: a proposal may outlive what it would have moved.
CREATE TABLE muster.repack_move (
    repack_proposal_id bigint    NOT NULL REFERENCES muster.repack_proposal ON DELETE CASCADE,
    position           integer   NOT NULL,
    reservation_id     bigint    NOT NULL,
    order_id           bigint,
    hold_id            bigint,
    instance_count     integer   NOT NULL,
    from_host_id       bigint    NOT NULL REFERENCES muster.host ON DELETE CASCADE,
    to_host_id         bigint    NOT NULL REFERENCES muster.host ON DELETE CASCADE,
    held               tstzrange NOT NULL,
    -- Of all its instances together.
    vcpu_milli         bigint    NOT NULL,
    memory_mib         bigint    NOT NULL,
    disk_gib           bigint    NOT NULL,
    bandwidth_mbps     bigint    NOT NULL,

    CONSTRAINT repack_move_key PRIMARY KEY (repack_proposal_id, position),
    CONSTRAINT repack_move_of_order_or_hold CHECK (num_nonnulls(order_id, hold_id) = 1),
    CONSTRAINT repack_move_elsewhere CHECK (from_host_id <> to_host_id)
);

CREATE VIEW report.repack AS
SELECT repack_proposal_id AS proposal, proposed_at, inventory_version, move_count AS moves,
       round(large_slot_seconds / 3600.0, 3) AS large_slot_hours, hosts_emptied
  FROM muster.repack_proposal;

CREATE VIEW report.repack_move AS
SELECT m.repack_proposal_id AS proposal, m.position, m.order_id, m.hold_id, m.instance_count AS instances, s.name AS site,
       f.name AS from_host, t.name AS to_host, lower(m.held) AS held_from, upper(m.held) AS held_until, m.vcpu_milli,
       m.memory_mib
  FROM muster.repack_move m
  JOIN muster.host f ON f.host_id = m.from_host_id
  JOIN muster.host t ON t.host_id = m.to_host_id
  JOIN muster.site s ON s.site_id = f.site_id;
