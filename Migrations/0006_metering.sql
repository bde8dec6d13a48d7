-- How much: the price book, usage intervals derived from the ledger and the instances' transitions, and their integral.

CREATE TABLE muster.price_book (
    price_book_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text        NOT NULL,
    currency      text        NOT NULL,
    -- The IANA zone whose days the daily bill has.
    zone          text        NOT NULL,
    valid_from    timestamptz NOT NULL,

    CONSTRAINT price_book_name_unique UNIQUE (name),
    CONSTRAINT price_book_currency_is_code CHECK (currency ~ '^[A-Z]{3}$')
);

-- Micro-units of the book's currency an hour, for one unit of each resource.
CREATE TABLE muster.price (
    price_book_id       bigint NOT NULL REFERENCES muster.price_book,
    area                text   NOT NULL,
    vcpu_hour_micro     bigint NOT NULL,
    gib_hour_micro      bigint NOT NULL,
    disk_gib_hour_micro bigint NOT NULL,
    mbps_hour_micro     bigint NOT NULL,
    gpu_hour_micro      bigint NOT NULL,

    CONSTRAINT price_key PRIMARY KEY (price_book_id, area),
    CONSTRAINT price_area_known
        CHECK (area IN ('north', 'northeast', 'east', 'central', 'south', 'southwest', 'northwest', 'hmt')),
    CONSTRAINT price_not_negative
        CHECK (least(vcpu_hour_micro, gib_hour_micro, disk_gib_hour_micro, mbps_hour_micro, gpu_hour_micro) >= 0)
);

INSERT INTO muster.price_book (name, currency, zone, valid_from)
VALUES ('list', 'CNY', 'Asia/Shanghai', '2020-01-01T00:00:00Z');

INSERT INTO muster.price
       (price_book_id, area, vcpu_hour_micro, gib_hour_micro, disk_gib_hour_micro, mbps_hour_micro, gpu_hour_micro)
SELECT price_book_id, area, vcpu, gib, disk, mbps, gpu
  FROM muster.price_book
 CROSS JOIN (VALUES
       ('north',     100000, 30000, 400,  9000, 6000000),
       ('northeast',  80000, 24000, 320,  7000, 5000000),
       ('east',      110000, 33000, 440, 10000, 6500000),
       ('central',    90000, 27000, 360,  8000, 5500000),
       ('south',     110000, 33000, 440, 10000, 6500000),
       ('southwest',  80000, 24000, 320,  7000, 5000000),
       ('northwest',  70000, 21000, 280,  6000, 4500000),
       ('hmt',       160000, 48000, 640, 15000, 9000000)) AS list (area, vcpu, gib, disk, mbps, gpu)
 WHERE name = 'list';

CREATE FUNCTION muster.area_of(province text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE
        WHEN province IN ('11', '12', '13', '14', '15') THEN 'north'
        WHEN province IN ('21', '22', '23') THEN 'northeast'
        WHEN province IN ('31', '32', '33', '34', '35', '36', '37') THEN 'east'
        WHEN province IN ('41', '42', '43') THEN 'central'
        WHEN province IN ('44', '45', '46') THEN 'south'
        WHEN province IN ('50', '51', '52', '53', '54') THEN 'southwest'
        WHEN province IN ('61', '62', '63', '64', '65') THEN 'northwest'
        WHEN province IN ('71', '81', '82') THEN 'hmt'
    END
    $$;

-- A quantity of instance-seconds at an hourly rate, rounded half up to a whole micro-unit. The one rounding there is.
CREATE FUNCTION muster.amount_micro(instance_seconds numeric, instance_hour_micro bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT div(instance_seconds * instance_hour_micro + 1800, 3600)::bigint $$;

-- What each instance is billed for: from the start of its service to its end, its order's or its own failure, in whole
-- seconds. An instance that was never ready is not billed. A clock read before the window's end bills what has passed.
CREATE VIEW muster.usage_interval AS
SELECT i.instance_id, i.order_id, o.tenant_id, muster.area_of(s.province) AS area,
       u.from_at, greatest(u.from_at, u.until_at) AS until_at
  FROM muster.instance i
  JOIN muster."order" o ON o.order_id = i.order_id
  JOIN muster.site s ON s.site_id = i.site_id
 CROSS JOIN LATERAL (
       SELECT greatest(i.billed_from, o.window_start) AS from_at,
              date_trunc('second', least(o.window_end, muster.now(),
                                         CASE WHEN i.desire = 'stop' OR i.state = 'failed' THEN i.stopped_at END))
                  AS until_at) u
 WHERE i.ready_at IS NOT NULL;
