-- What each project earned on the POs dated in a range, and what those cost ($1 and $2: first and last day, $3: client, $4: project).
WITH counted AS (
    SELECT po.id,
           po.project_id,
           po.project_name,
           po.net_value,
           po.total_paid
      FROM "Finances".client_po_figures AS po
     WHERE po.is_live
       AND NOT po.is_open_agreement
       AND ($1::date IS NULL OR po.po_date >= $1)
       AND ($2::date IS NULL OR po.po_date <= $2)
       AND ($3::bigint IS NULL OR po.client_id = $3)
       AND ($4::bigint IS NULL OR po.project_id = $4)
),
earned AS (
    SELECT project_id,
           min(project_name) AS project_name,
           count(*) AS po_count,
           sum(net_value) AS revenue,
           sum(total_paid) AS collected
      FROM counted
     GROUP BY project_id
),
-- Orders that name a PO cost what they are worth where the PO counts.
ordered AS (
    SELECT counted.project_id,
           sum(vendor_order.po_value) AS cost
      FROM counted
      JOIN "Finances".vendor_order ON vendor_order.client_po_id = counted.id
     WHERE vendor_order.status NOT IN ('rejected', 'cancelled')
       AND vendor_order.work_status <> 'cancelled'
     GROUP BY counted.project_id
),
-- Those that name none count by their own date.
unassigned AS (
    SELECT vendor_order.project_id,
           sum(vendor_order.po_value) AS cost
      FROM "Finances".vendor_order
     WHERE vendor_order.client_po_id IS NULL
       AND vendor_order.project_id IN (SELECT earned.project_id FROM earned)
       AND vendor_order.status NOT IN ('rejected', 'cancelled')
       AND vendor_order.work_status <> 'cancelled'
       AND ($1::date IS NULL OR vendor_order.po_date >= $1)
       AND ($2::date IS NULL OR vendor_order.po_date <= $2)
     GROUP BY vendor_order.project_id
)
SELECT earned.project_id AS "project_id: ProjectId",
       earned.project_name,
       earned.po_count AS "po_count!",
       earned.revenue AS "revenue!: Money",
       COALESCE(ordered.cost, 0) + COALESCE(unassigned.cost, 0) AS "cost!: Money",
       earned.collected AS "total_collected!: Money"
  FROM earned
  LEFT JOIN ordered ON ordered.project_id IS NOT DISTINCT FROM earned.project_id
  LEFT JOIN unassigned ON unassigned.project_id = earned.project_id
 ORDER BY earned.project_id NULLS LAST
