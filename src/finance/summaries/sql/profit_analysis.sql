-- What each project earned on the POs dated in a range, and what those cost ($1 and $2: first and last day, $3: client, $4: project).
WITH counted AS MATERIALIZED (
    SELECT po.id,
           po.project_id,
           po.po_value - COALESCE(po.total_tax, 0) AS net_value
      FROM "Finances".client_po AS po
     WHERE po.status <> 'cancelled'
       AND NOT (po.po_type = 'verbal_agreement' AND po.po_number IS NULL)
       AND ($1::date IS NULL OR po.po_date >= $1)
       AND ($2::date IS NULL OR po.po_date <= $2)
       AND ($3::bigint IS NULL OR po.client_id = $3)
       AND ($4::bigint IS NULL OR po.project_id = $4)
),
-- Rows of all kinds are added up at once: POs without a project have a null here, by which nothing could be joined.
entry (project_id, pos, revenue, cost, collected) AS (
    SELECT project_id, 1, net_value, 0, 0
      FROM counted
     UNION ALL
    SELECT counted.project_id, 0, 0, 0,
           CASE WHEN payment.transaction_type = 'debit' THEN -payment.amount ELSE payment.amount END
      FROM counted
      JOIN "Finances".client_payment AS payment ON payment.client_po_id = counted.id
     WHERE payment.status IN ('cleared', 'completed', 'reconciled')
     UNION ALL
    -- Orders that name a PO cost what they are worth where the PO counts,
    SELECT counted.project_id, 0, 0, ordered.po_value, 0
      FROM counted
      JOIN "Finances".vendor_order AS ordered ON ordered.client_po_id = counted.id
     WHERE ordered.status NOT IN ('rejected', 'cancelled')
       AND ordered.work_status <> 'cancelled'
     UNION ALL
    -- those that name none count by their own date.
    SELECT ordered.project_id, 0, 0, ordered.po_value, 0
      FROM "Finances".vendor_order AS ordered
     WHERE ordered.client_po_id IS NULL
       AND ordered.project_id IN (SELECT counted.project_id FROM counted)
       AND ordered.status NOT IN ('rejected', 'cancelled')
       AND ordered.work_status <> 'cancelled'
       AND ($1::date IS NULL OR ordered.po_date >= $1)
       AND ($2::date IS NULL OR ordered.po_date <= $2)
),
summed AS (
    SELECT project_id,
           sum(pos) AS po_count,
           sum(revenue) AS revenue,
           sum(cost) AS cost,
           sum(collected) AS collected
      FROM entry
     GROUP BY project_id
)
SELECT summed.project_id AS "project_id: ProjectId",
       project.name AS "project_name?",
       summed.po_count AS "po_count!",
       summed.revenue AS "revenue!: Money",
       summed.cost AS "cost!: Money",
       summed.collected AS "total_collected!: Money"
  FROM summed
  LEFT JOIN "Finances".project ON project.id = summed.project_id
 ORDER BY summed.project_id NULLS LAST
