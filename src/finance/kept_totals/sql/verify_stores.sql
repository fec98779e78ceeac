WITH kept AS (
    SELECT client_id, store_id, status, members::numeric AS stores, 0::numeric AS shared, members::numeric AS members
      FROM "Finances".store_group
     UNION ALL
    SELECT client_id, NULL, status, sum(stores), sum(shared), sum(members)
      FROM "Finances".store_group_total
     GROUP BY client_id, status
),
store AS (
    SELECT client_id, store_id, COALESCE(status, '') AS status, count(*) AS members
      FROM "Finances".client_po
     WHERE client_id IS NOT NULL
       AND store_id IS NOT NULL
     GROUP BY GROUPING SETS ((client_id, store_id), (client_id, store_id, status))
    HAVING GROUPING(status) = 1 OR status <> ''
),
counted AS (
    SELECT client_id, store_id, status, members AS stores, 0 AS shared, members
      FROM store
     UNION ALL
    SELECT client_id, NULL, status, count(*), count(*) FILTER (WHERE members > 1), sum(members)
      FROM store
     GROUP BY client_id, status
),
compared AS (
    SELECT COALESCE(kept.client_id, counted.client_id) AS client_id,
           COALESCE(kept.store_id, counted.store_id) AS store_id,
           COALESCE(kept.status, counted.status) AS status,
           COALESCE(kept.stores, 0) AS kept_stores,
           COALESCE(counted.stores, 0) AS stores,
           COALESCE(kept.shared, 0) AS kept_shared,
           COALESCE(counted.shared, 0) AS shared,
           COALESCE(kept.members, 0) AS kept_members,
           COALESCE(counted.members, 0) AS members
      FROM kept
      FULL JOIN counted
        ON counted.client_id = kept.client_id
       -- A store may have any name; that of a client's sum over all of them is null.
       AND (counted.store_id IS NULL) = (kept.store_id IS NULL)
       AND COALESCE(counted.store_id, '') = COALESCE(kept.store_id, '')
       AND counted.status = kept.status
)
SELECT concat_ws('/', 'client', client_id, store_id, NULLIF(status, '')) AS "what!",
       CASE
           WHEN store_id IS NULL THEN format('stores %s, shared %s, POs %s', kept_stores, kept_shared, kept_members)
           ELSE format('POs %s', kept_members)
       END AS "kept!",
       CASE
           WHEN store_id IS NULL THEN format('stores %s, shared %s, POs %s', stores, shared, members)
           ELSE format('POs %s', members)
       END AS "counted!"
  FROM compared
 WHERE (kept_stores, kept_shared, kept_members) <> (stores, shared, members)
 ORDER BY 1
