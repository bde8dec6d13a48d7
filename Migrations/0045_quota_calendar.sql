-- Who is refused because a quota is used up asks when it is not: what is reserved under each limit of a tenant from one moment on.

-- The earliest `most` changes, limits under which nothing is reserved first. A level holds until the next of its limit.
CREATE FUNCTION muster.quota_calendar(of_tenant bigint, span tstzrange, most bigint)
    RETURNS TABLE (name text, scope jsonb, from_at timestamptz, until_at timestamptz, resource text, gpu_model text,
                   limit_amount bigint, at timestamptz, reserved bigint)
    LANGUAGE sql STABLE
    SET jit = off
    AS $$
    SELECT q.name, q.scope, lower(q.during), upper(q.during), m.resource, m.gpu_model, m.limit_amount, l.at, l.reserved
      FROM muster.quota q
      JOIN muster.quota_limit m USING (quota_id)
      LEFT JOIN muster.quota_level(ARRAY(SELECT t.quota_id FROM muster.quota t
                                          WHERE t.tenant_id = of_tenant AND t.during && span), span) l
             ON l.quota_id = m.quota_id AND l.resource = m.resource AND l.gpu_model IS NOT DISTINCT FROM m.gpu_model
     WHERE q.tenant_id = of_tenant
       AND q.during && span
     ORDER BY l.at NULLS FIRST, q.quota_id, m.resource, m.gpu_model NULLS FIRST
     LIMIT most
    $$;
