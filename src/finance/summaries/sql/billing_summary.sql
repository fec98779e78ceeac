WITH ordered AS (
    SELECT COALESCE(sum(po_value), 0) AS total,
           COALESCE(sum(total_tax), 0) AS tax,
           count(*) AS entries
      FROM "Finances".client_po
     WHERE project_id = $1
       AND status <> 'cancelled'
),
-- Once for each bill, since whether it counts is asked six times.
bill AS MATERIALIZED (
    SELECT billed_value, billed_gst, billed_total, status, counted
      FROM "Finances".billing_po_figures
     WHERE project_id = $1
),
billed AS (
    SELECT COALESCE(sum(billed_value) FILTER (WHERE counted), 0) AS net,
           COALESCE(sum(billed_gst) FILTER (WHERE counted), 0) AS gst,
           COALESCE(sum(billed_total) FILTER (WHERE counted), 0) AS total,
           count(*) FILTER (WHERE counted) AS entries,
           count(*) FILTER (WHERE counted AND status = 'FINAL') AS final,
           count(*) FILTER (WHERE counted AND status = 'APPROVED') AS approved,
           count(*) FILTER (WHERE status = 'DRAFT') AS drafts
      FROM bill
),
vendor AS (
    SELECT COALESCE(sum(po_value) FILTER (WHERE is_live), 0) AS total,
           COALESCE(sum(paid) FILTER (WHERE is_live), 0) AS paid,
           COALESCE(sum(paid) FILTER (WHERE NOT is_live), 0) AS paid_on_cancelled,
           count(*) FILTER (WHERE is_live) AS entries
      FROM "Finances".vendor_order_figures
     WHERE project_id = $1
)
SELECT ordered.total AS "original_total!: Money",
       ordered.tax AS "original_tax!: Money",
       ordered.entries AS "original_count!",
       billed.net AS "billed_value!: Money",
       billed.gst AS "billed_gst!: Money",
       billed.total AS "billed_total!: Money",
       billed.entries AS "billed_count!",
       billed.final AS "final_count!",
       billed.approved AS "approved_count!",
       billed.drafts AS "draft_count!",
       vendor.total AS "vendor_total!: Money",
       vendor.paid AS "vendor_paid!: Money",
       vendor.paid_on_cancelled AS "paid_on_cancelled!: Money",
       vendor.entries AS "order_count!"
  FROM "Finances".project, ordered, billed, vendor
 WHERE project.id = $1
