-- Adding up what is in use under a quota is a large plan over few rows: compiling it took 300 ms of an answer of 20 ms.

ALTER FUNCTION muster.quota_use(bigint[], tstzrange) SET jit = off;
ALTER FUNCTION muster.refuse_quota_excess(muster.taking[]) SET jit = off;
