-- What clients owe on a day ($1) of their live POs, aged by the PO's date; each row repeats the sums of all four buckets.
-- $2 is the business's time zone, $3 a client or null.
WITH dated AS (
    SELECT po.id,
           po.client_id,
           po.po_number,
           po.po_value,
           COALESCE(po.po_date, po.pi_date, (po.created_at AT TIME ZONE $2::text)::date) AS due_date
      FROM "Finances".client_po AS po
     WHERE po.status <> 'cancelled'
       AND ($3::bigint IS NULL OR po.client_id = $3)
),
paid AS (
    SELECT payment.client_po_id,
           sum(CASE WHEN payment.transaction_type = 'debit' THEN -payment.amount ELSE payment.amount END) AS amount
      FROM "Finances".client_payment AS payment
     WHERE payment.status IN ('cleared', 'completed', 'reconciled')
       AND (payment.payment_date IS NULL OR payment.payment_date <= $1)
     GROUP BY payment.client_po_id
),
owed AS (
    SELECT dated.id,
           dated.client_id,
           dated.po_number,
           dated.due_date,
           -- A row without any date is as old as the day itself.
           COALESCE($1::date - dated.due_date, 0) AS age_days,
           dated.po_value - COALESCE(paid.amount, 0) AS outstanding
      FROM dated
      LEFT JOIN paid ON paid.client_po_id = dated.id
     WHERE (dated.due_date IS NULL OR dated.due_date <= $1)
       AND dated.po_value > COALESCE(paid.amount, 0)
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
SELECT owed.id AS "po_id?: ClientPoId",
       NULL::bigint AS "vendor_order_id?: VendorOrderId",
       owed.po_number AS "po_number?",
       owed.client_id AS "client_id?: ClientId",
       client.name AS "client_name?",
       NULL::bigint AS "vendor_id?: VendorId",
       NULL::text AS "vendor_name?",
       owed.due_date AS "due_date?",
       owed.age_days AS "age_days!",
       owed.outstanding AS "outstanding!: Money",
       total.counts AS "counts!",
       total.amounts AS "amounts!: Vec<Money>"
  FROM owed
 CROSS JOIN total
  LEFT JOIN "Finances".client ON client.id = owed.client_id
 ORDER BY owed.age_days DESC, owed.id
 LIMIT 1000
