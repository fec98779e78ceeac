-- What is owed to vendors of their live orders on a day ($1), payments of any day counted; each row repeats the sums of all
-- four buckets. $2 is the business's time zone, $3 a vendor or null.
WITH owed AS (
    SELECT figures.id,
           figures.vendor_id,
           ordered.po_number,
           dated.due_date,
           GREATEST(COALESCE($1::date - dated.due_date, 0), 0) AS age_days,
           figures.po_value - figures.paid AS outstanding
      FROM "Finances".vendor_order_figures AS figures
      JOIN "Finances".vendor_order AS ordered ON ordered.id = figures.id
     CROSS JOIN LATERAL (
           SELECT COALESCE(ordered.po_date, (ordered.created_at AT TIME ZONE $2::text)::date) AS order_date,
                  COALESCE(ordered.due_date, ordered.po_date, (ordered.created_at AT TIME ZONE $2::text)::date) AS due_date
           ) AS dated
     WHERE figures.is_live
       AND ($3::bigint IS NULL OR figures.vendor_id = $3)
       AND (dated.order_date IS NULL OR dated.order_date <= $1)
       AND figures.po_value > figures.paid
),
total AS (
    SELECT ARRAY[count(*) FILTER (WHERE age_days <= 30),
                 count(*) FILTER (WHERE age_days BETWEEN 31 AND 60),
                 count(*) FILTER (WHERE age_days BETWEEN 61 AND 90),
                 count(*) FILTER (WHERE age_days >= 91)] AS counts,
           ARRAY[COALESCE(sum(outstanding) FILTER (WHERE age_days <= 30), 0),
                 COALESCE(sum(outstanding) FILTER (WHERE age_days BETWEEN 31 AND 60), 0),
                 COALESCE(sum(outstanding) FILTER (WHERE age_days BETWEEN 61 AND 90), 0),
                 COALESCE(sum(outstanding) FILTER (WHERE age_days >= 91), 0)] AS amounts
      FROM owed
)
SELECT NULL::bigint AS "po_id?: ClientPoId",
       owed.id AS "vendor_order_id?: VendorOrderId",
       owed.po_number AS "po_number?",
       NULL::bigint AS "client_id?: ClientId",
       NULL::text AS "client_name?",
       owed.vendor_id AS "vendor_id?: VendorId",
       vendor.name AS "vendor_name?",
       owed.due_date AS "due_date?",
       owed.age_days AS "age_days!",
       owed.outstanding AS "outstanding!: Money",
       total.counts AS "counts!",
       total.amounts AS "amounts!: Vec<Money>"
  FROM owed
 CROSS JOIN total
  LEFT JOIN "Finances".vendor ON vendor.id = owed.vendor_id
 ORDER BY owed.age_days DESC, owed.id
 LIMIT 1000
