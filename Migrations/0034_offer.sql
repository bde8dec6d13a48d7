-- What a refusal offers is held for a minute, so that whoever accepts it gets it. The offers of one refusal are alternatives:
-- together they take of each host at each moment what the hungriest of them needs, and accepting one frees the rest.

CREATE TABLE muster.offer_set (
    offer_set_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint      NOT NULL REFERENCES muster.tenant,
    state        text        NOT NULL DEFAULT 'open',
    state_since  timestamptz NOT NULL DEFAULT muster.now(),
    created_at   timestamptz NOT NULL DEFAULT muster.now(),
    expires_at   timestamptz NOT NULL,

    CONSTRAINT offer_set_state_known CHECK (state IN ('open', 'accepted', 'replaced', 'expired')),
    CONSTRAINT offer_set_expires_later CHECK (created_at < expires_at)
);

-- A tenant's refusals cannot add up: one set at a time.
CREATE UNIQUE INDEX offer_set_one_open ON muster.offer_set (tenant_id) WHERE state = 'open';
CREATE INDEX offer_set_of_tenant ON muster.offer_set (tenant_id, created_at);
-- Whose time is over? The sweep, and every refusal, ask for these only.
CREATE INDEX offer_set_expiring ON muster.offer_set (expires_at) WHERE state = 'open';
CREATE INDEX offer_set_over ON muster.offer_set (state_since) WHERE state <> 'open';

-- A row of the ledger is an order's, a hold's, or an offer's.
ALTER TABLE muster.reservation
    ADD COLUMN offer_set_id bigint REFERENCES muster.offer_set,
    DROP CONSTRAINT reservation_of_order_or_hold,
    ADD CONSTRAINT reservation_of_order_hold_or_offer CHECK (num_nonnulls(order_id, hold_id, offer_set_id) = 1);

CREATE INDEX reservation_of_offer_set ON muster.reservation (offer_set_id) WHERE offer_set_id IS NOT NULL;
