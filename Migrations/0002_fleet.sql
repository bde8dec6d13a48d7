-- Who orders, and what there is to order: tenants and their keys, sites and their hosts. The fleet's version grows with
-- every change to it, so that a planner knows when its picture is old.

CREATE SCHEMA IF NOT EXISTS muster;

-- The only clock of business time. A simulation drives it by setting muster.simulated_now for its session.
CREATE FUNCTION muster.now() RETURNS timestamptz
    LANGUAGE sql STABLE
    AS $$ SELECT coalesce(nullif(current_setting('muster.simulated_now', true), '')::timestamptz, statement_timestamp()) $$;

-- Jobs run by the same clock as the windows they serve.
CREATE OR REPLACE FUNCTION queue.now() RETURNS timestamptz
    LANGUAGE sql STABLE
    AS $$ SELECT muster.now() $$;

CREATE TABLE muster.tenant (
    tenant_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT muster.now(),

    CONSTRAINT tenant_name_unique UNIQUE (name),
    CONSTRAINT tenant_name_length CHECK (length(name) BETWEEN 1 AND 128)
);

-- The key itself is never stored, only its SHA-256.
CREATE TABLE muster.api_key (
    api_key_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role       text        NOT NULL,
    tenant_id  bigint      REFERENCES muster.tenant,
    prefix     text        NOT NULL,
    hash       bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT muster.now(),
    revoked_at timestamptz,

    CONSTRAINT api_key_hash_unique UNIQUE (hash),
    CONSTRAINT api_key_hash_is_sha256 CHECK (octet_length(hash) = 32),
    CONSTRAINT api_key_role_known CHECK (role IN ('tenant', 'operator', 'agent')),
    CONSTRAINT api_key_tenant_given CHECK ((role = 'tenant') = (tenant_id IS NOT NULL))
);

CREATE TABLE muster.site (
    site_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text        NOT NULL,
    province     text        NOT NULL,
    city         text        NOT NULL,
    carrier      text        NOT NULL,
    origin       text        NOT NULL,
    capabilities text[]      NOT NULL DEFAULT '{}',
    labels       jsonb       NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT muster.now(),

    CONSTRAINT site_name_unique UNIQUE (name),
    CONSTRAINT site_province_is_code CHECK (province ~ '^[0-9]{2}$'),
    CONSTRAINT site_city_in_province CHECK (city ~ '^[0-9]{4}$' AND left(city, 2) = province),
    CONSTRAINT site_carrier_known CHECK (carrier IN ('telecom', 'unicom', 'mobile', 'other')),
    CONSTRAINT site_origin_known CHECK (origin IN ('self', 'cdn', 'cloud', 'third'))
);

CREATE TABLE muster.host (
    host_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id        bigint      NOT NULL REFERENCES muster.site,
    name           text        NOT NULL,
    vcpu_milli     bigint      NOT NULL,
    memory_mib     bigint      NOT NULL,
    disk_gib       bigint      NOT NULL,
    bandwidth_mbps bigint      NOT NULL,
    gpu_model      text,
    gpu_count      bigint      NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT muster.now(),

    CONSTRAINT host_name_unique UNIQUE (name),
    CONSTRAINT host_amounts_not_negative
        CHECK (vcpu_milli >= 0 AND memory_mib >= 0 AND disk_gib >= 0 AND bandwidth_mbps >= 0 AND gpu_count >= 0),
    CONSTRAINT host_gpu_model_given CHECK ((gpu_count > 0) = (gpu_model IS NOT NULL))
);

CREATE INDEX host_by_site ON muster.host (site_id);

-- One row: the version of the fleet. An order placed on version n is placed the same way again on version n.
CREATE TABLE muster.inventory (
    singleton boolean     NOT NULL PRIMARY KEY DEFAULT true,
    version   bigint      NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT muster.now(),

    CONSTRAINT inventory_is_one_row CHECK (singleton)
);
INSERT INTO muster.inventory DEFAULT VALUES;

CREATE FUNCTION muster.advance_inventory() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE muster.inventory SET version = version + 1, changed_at = muster.now();
    RETURN NULL;
END
$$;

CREATE TRIGGER site_advances_inventory AFTER INSERT OR UPDATE OR DELETE ON muster.site
    FOR EACH STATEMENT EXECUTE FUNCTION muster.advance_inventory();
CREATE TRIGGER host_advances_inventory AFTER INSERT OR UPDATE OR DELETE ON muster.host
    FOR EACH STATEMENT EXECUTE FUNCTION muster.advance_inventory();
