-- What was asked for and what was answered: orders, quotes, idempotency keys, and the events a customer can follow.

CREATE TABLE muster."order" (
    order_id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        bigint      NOT NULL REFERENCES muster.tenant,
    name             text,
    state            text        NOT NULL DEFAULT 'accepted',
    state_since      timestamptz NOT NULL DEFAULT muster.now(),
    created_at       timestamptz NOT NULL DEFAULT muster.now(),
    cancelled_at     timestamptz,
    revision         bigint      NOT NULL DEFAULT 1,

    kind             text        NOT NULL,
    vcpu_milli       bigint      NOT NULL,
    memory_mib       bigint      NOT NULL,
    disk_gib         bigint      NOT NULL,
    bandwidth_mbps   bigint      NOT NULL,
    gpu_model        text,
    gpu_count        bigint      NOT NULL,
    image            text        NOT NULL,
    command          text[]      NOT NULL,
    environment      jsonb       NOT NULL,

    scope            jsonb       NOT NULL,
    spread           jsonb       NOT NULL,
    relaxed          jsonb       NOT NULL DEFAULT '[]',
    -- What the customer has and pays for. Cancelling or shortening moves its end.
    window_start     timestamptz NOT NULL,
    window_end       timestamptz NOT NULL,
    lead_seconds     integer     NOT NULL,
    grace_seconds    integer     NOT NULL,
    policy           text        NOT NULL,
    min_count        integer,
    deadline_seconds bigint,
    top_up           boolean     NOT NULL,

    -- Counts balance, always: the triggers on instance keep the states, this check keeps the sum.
    requested_count  integer     NOT NULL,
    waiting_count    integer     NOT NULL,
    refused_count    integer     NOT NULL DEFAULT 0,
    planned_count    integer     NOT NULL DEFAULT 0,
    assigned_count   integer     NOT NULL DEFAULT 0,
    starting_count   integer     NOT NULL DEFAULT 0,
    ready_count      integer     NOT NULL DEFAULT 0,
    releasing_count  integer     NOT NULL DEFAULT 0,
    released_count   integer     NOT NULL DEFAULT 0,
    reserved_count   integer     GENERATED ALWAYS AS
        (planned_count + assigned_count + starting_count + ready_count + releasing_count + released_count) STORED,
    -- Failed instances so far, and how many of them were placed again. A failed one is counted as waiting until then.
    failed_count     integer     NOT NULL DEFAULT 0,
    replaced_count   integer     NOT NULL DEFAULT 0,
    -- Instances the customer gave back by scaling down; they stay requested, and end as released or refused.
    withdrawn_count  integer     NOT NULL DEFAULT 0,
    event_sequence   bigint      NOT NULL DEFAULT 0,

    CONSTRAINT order_state_known CHECK (state IN ('accepted', 'delivering', 'active', 'releasing', 'settled')),
    CONSTRAINT order_kind_known CHECK (kind IN ('container', 'rich', 'vm')),
    CONSTRAINT order_policy_known CHECK (policy IN ('allOrNothing', 'atLeast', 'bestEffort')),
    CONSTRAINT order_window_forward CHECK (window_start <= window_end),
    CONSTRAINT order_requested_positive CHECK (requested_count > 0),
    CONSTRAINT order_counts_not_negative CHECK (
        least(waiting_count, refused_count, planned_count, assigned_count, starting_count, ready_count,
              releasing_count, released_count, failed_count, replaced_count, withdrawn_count) >= 0),
    CONSTRAINT order_counts_balance CHECK (
        requested_count = planned_count + assigned_count + starting_count + ready_count + releasing_count
                        + released_count + waiting_count + refused_count),
    CONSTRAINT order_replaces_only_failed CHECK (replaced_count <= failed_count),
    CONSTRAINT order_settled_is_over CHECK (
        state <> 'settled'
        OR planned_count + assigned_count + starting_count + ready_count + releasing_count + waiting_count = 0)
);

CREATE INDEX order_of_tenant ON muster."order" (tenant_id, order_id DESC);
-- The reconciler's sweep looks only at what is not finished.
CREATE INDEX order_unsettled ON muster."order" (order_id) WHERE state <> 'settled';

-- What the customer was promised to pay: one line per area, fixed at order time.
CREATE TABLE muster.order_price (
    order_id            bigint NOT NULL REFERENCES muster."order",
    area                text   NOT NULL,
    currency            text   NOT NULL,
    instance_hour_micro bigint NOT NULL,

    CONSTRAINT order_price_key PRIMARY KEY (order_id, area),
    CONSTRAINT order_price_area_known
        CHECK (area IN ('north', 'northeast', 'east', 'central', 'south', 'southwest', 'northwest', 'hmt')),
    CONSTRAINT order_price_not_negative CHECK (instance_hour_micro >= 0)
);

-- What a customer may still accept. Holds nothing; pruned when long expired.
CREATE TABLE muster.quote (
    quote_id     text        PRIMARY KEY,
    tenant_id    bigint      NOT NULL REFERENCES muster.tenant,
    terms        jsonb       NOT NULL,
    currency     text        NOT NULL,
    amount_micro bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT muster.now(),
    expires_at   timestamptz NOT NULL
);

CREATE INDEX quote_expired ON muster.quote (expires_at);

-- The same key makes one order: written in the order's own transaction.
CREATE TABLE muster.idempotency (
    tenant_id  bigint      NOT NULL REFERENCES muster.tenant,
    key        text        NOT NULL,
    body_hash  bytea       NOT NULL,
    order_id   bigint      NOT NULL REFERENCES muster."order",
    created_at timestamptz NOT NULL DEFAULT muster.now(),

    CONSTRAINT idempotency_key PRIMARY KEY (tenant_id, key),
    CONSTRAINT idempotency_key_length CHECK (octet_length(key) BETWEEN 1 AND 255),
    CONSTRAINT idempotency_hash_is_sha256 CHECK (octet_length(body_hash) = 32)
);

-- What happened to an order, numbered without gaps per order under the order's own row lock.
CREATE TABLE muster.order_event (
    order_id  bigint      NOT NULL REFERENCES muster."order",
    sequence  bigint      NOT NULL,
    kind      text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT muster.now(),
    state     text        NOT NULL,
    requested integer     NOT NULL,
    waiting   integer     NOT NULL,
    refused   integer     NOT NULL,
    planned   integer     NOT NULL,
    assigned  integer     NOT NULL,
    starting  integer     NOT NULL,
    ready     integer     NOT NULL,
    releasing integer     NOT NULL,
    released  integer     NOT NULL,
    failed    integer     NOT NULL,

    CONSTRAINT order_event_key PRIMARY KEY (order_id, sequence),
    CONSTRAINT order_event_kind_known CHECK (kind IN ('counts', 'state'))
);

-- Every change of an order's counts or state is an event, whoever made it. Nobody is notified here: a NOTIFY inside the
-- transaction would make all committing writers queue for one lock; the writer rings after its commit.
CREATE FUNCTION muster.number_order_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.state, NEW.requested_count, NEW.waiting_count, NEW.refused_count, NEW.planned_count,
        NEW.assigned_count, NEW.starting_count, NEW.ready_count, NEW.releasing_count, NEW.released_count)
        IS NOT DISTINCT FROM
        (OLD.state, OLD.requested_count, OLD.waiting_count, OLD.refused_count, OLD.planned_count,
        OLD.assigned_count, OLD.starting_count, OLD.ready_count, OLD.releasing_count, OLD.released_count)
    THEN
        RETURN NEW;
    END IF;
    NEW.event_sequence := NEW.event_sequence + 1;
    RETURN NEW;
END
$$;

CREATE FUNCTION muster.write_order_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO muster.order_event
        (order_id, sequence, kind, state, requested, waiting, refused, planned, assigned, starting, ready, releasing,
         released, failed)
    SELECT n.order_id, n.event_sequence,
           CASE WHEN o.state IS DISTINCT FROM n.state THEN 'state' ELSE 'counts' END,
           n.state, n.requested_count, n.waiting_count, n.refused_count, n.planned_count, n.assigned_count,
           n.starting_count, n.ready_count, n.releasing_count, n.released_count, n.failed_count
      FROM after_rows n
      JOIN before_rows o USING (order_id)
     WHERE n.event_sequence > o.event_sequence;
    RETURN NULL;
END
$$;

CREATE FUNCTION muster.write_first_order_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO muster.order_event
        (order_id, sequence, kind, state, requested, waiting, refused, planned, assigned, starting, ready, releasing,
         released, failed)
    SELECT n.order_id, n.event_sequence, 'state', n.state, n.requested_count, n.waiting_count, n.refused_count,
           n.planned_count, n.assigned_count, n.starting_count, n.ready_count, n.releasing_count, n.released_count,
           n.failed_count
      FROM after_rows n;
    RETURN NULL;
END
$$;

CREATE TRIGGER order_numbers_event BEFORE INSERT OR UPDATE ON muster."order"
    FOR EACH ROW EXECUTE FUNCTION muster.number_order_event();
CREATE TRIGGER order_writes_event AFTER UPDATE ON muster."order"
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.write_order_event();
CREATE TRIGGER order_writes_first_event AFTER INSERT ON muster."order"
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.write_first_order_event();
