-- The bare tables, whose rows of one project an index has: no row of a payment is looked at.
WITH ordered AS (
    SELECT COALESCE(sum(po_value), 0) AS total,
           COALESCE(sum(total_tax), 0) AS tax
      FROM "Finances".client_po
     WHERE project_id = $1
       AND status <> 'cancelled'
),
billed AS (
    SELECT COALESCE(sum(billed_value), 0) AS net,
           COALESCE(sum(billed_gst), 0) AS gst,
           COALESCE(sum(billed_total), 0) AS total
      FROM "Finances".billing_po_figures
     WHERE project_id = $1
       AND counted
),
vendor AS (
    SELECT COALESCE(sum(po_value), 0) AS total
      FROM "Finances".vendor_order
     WHERE project_id = $1
       AND status NOT IN ('rejected', 'cancelled')
       AND work_status <> 'cancelled'
)
SELECT ordered.total AS "original_total!: Money",
       ordered.tax AS "original_tax!: Money",
       billed.net AS "billed_value!: Money",
       billed.gst AS "billed_gst!: Money",
       billed.total AS "billed_total!: Money",
       vendor.total AS "vendor_total!: Money"
  FROM "Finances".project, ordered, billed, vendor
 WHERE project.id = $1
