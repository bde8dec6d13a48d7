-- Orders that draw on what their tenant holds: what they take moves out of the hold in their own transaction.

ALTER TABLE muster.hold
    ADD COLUMN drawn_count integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT hold_state_known,
    DROP CONSTRAINT hold_counts_not_negative,
    DROP CONSTRAINT hold_counts_balance,
    ADD CONSTRAINT hold_state_known CHECK (state IN ('held', 'drawn', 'released', 'expired')),
    ADD CONSTRAINT hold_counts_not_negative CHECK (least(held_count, drawn_count, released_count) >= 0),
    ADD CONSTRAINT hold_counts_balance CHECK (requested_count = held_count + drawn_count + released_count),
    ADD CONSTRAINT hold_of_one_tenant UNIQUE (hold_id, tenant_id);

-- The hold an order was drawn from, which is its own tenant's.
ALTER TABLE muster."order"
    ADD COLUMN hold_id bigint,
    ADD CONSTRAINT order_draws_on_own_hold FOREIGN KEY (hold_id, tenant_id) REFERENCES muster.hold (hold_id, tenant_id);
