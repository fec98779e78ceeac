WITH po AS (
    SELECT figures.id,
           figures.client_id,
           figures.status,
           figures.is_live,
           figures.is_open_agreement,
           figures.po_value,
           figures.net_value,
           figures.total_paid,
           figures.total_tds
      FROM "Finances".client_po_figures AS figures
     WHERE figures.project_id = $1
),
ordered AS (
    SELECT COALESCE(sum(po_value) FILTER (WHERE is_live AND NOT is_open_agreement), 0) AS po_value,
           COALESCE(sum(po_value) FILTER (WHERE is_live AND is_open_agreement), 0) AS agreement_value,
           count(*) FILTER (WHERE is_live AND is_open_agreement) AS open_agreements,
           count(*) FILTER (WHERE is_live AND NOT is_open_agreement) AS numbered,
           COALESCE(sum(total_paid) FILTER (WHERE is_live), 0) AS collected,
           COALESCE(sum(total_tds) FILTER (WHERE is_live), 0) AS tds,
           -- Money kept, or to be returned; in no other sum.
           COALESCE(sum(total_paid) FILTER (WHERE NOT is_live), 0) AS kept_on_cancelled,
           COALESCE(sum(net_value) FILTER (WHERE is_live), 0) AS revenue,
           count(*) FILTER (WHERE status = 'active' AND NOT is_open_agreement) AS active_orders,
           count(DISTINCT client_id) FILTER (WHERE is_live) AS clients
      FROM po
),
payment AS (
    SELECT count(*) FILTER (WHERE entry.status IN ('cleared', 'completed', 'reconciled')) AS cleared,
           count(*) FILTER (WHERE entry.status IN ('pending', 'processing')) AS pending,
           count(*) FILTER (WHERE entry.status IN ('bounced', 'failed')) AS bounced
      FROM "Finances".client_payment AS entry
      JOIN po ON po.id = entry.client_po_id
     WHERE po.is_live
),
billed AS (
    SELECT COALESCE(sum(billed_total), 0) AS total,
           COALESCE(sum(billed_value), 0) AS net
      FROM "Finances".billing_po_figures
     WHERE project_id = $1
       AND counted
),
vendor AS (
    SELECT COALESCE(sum(po_value) FILTER (WHERE is_live), 0) AS ordered,
           COALESCE(sum(paid) FILTER (WHERE is_live), 0) AS paid,
           COALESCE(sum(paid) FILTER (WHERE NOT is_live), 0) AS paid_on_cancelled,
           count(DISTINCT vendor_id) FILTER (WHERE is_live) AS vendors
      FROM "Finances".vendor_order_figures
     WHERE project_id = $1
),
document AS (
    SELECT count(*) AS entries
      FROM "Finances".project_document
     WHERE project_id = $1
)
SELECT ordered.po_value AS "total_po_value!: Money",
       ordered.agreement_value AS "total_agreement_value!: Money",
       ordered.po_value + ordered.agreement_value AS "total_project_value!: Money",
       document.entries AS "documents!",
       ordered.open_agreements AS "verbal_agreements!",
       ordered.numbered AS "purchase_orders!",
       ordered.collected AS "total_collected!: Money",
       ordered.tds AS "total_tds!: Money",
       ordered.po_value + ordered.agreement_value - ordered.collected AS "outstanding_amount!: Money",
       ordered.kept_on_cancelled AS "kept_on_cancelled!: Money",
       ordered.revenue AS "revenue!: Money",
       billed.total AS "total_billing_value!: Money",
       billed.net AS "final_revenue!: Money",
       vendor.ordered AS "total_vendor_order_value!: Money",
       vendor.paid AS "total_vendor_paid!: Money",
       vendor.ordered - vendor.paid AS "remaining_payable!: Money",
       vendor.paid_on_cancelled AS "paid_on_cancelled!: Money",
       ordered.revenue - vendor.ordered AS "net_profit!: Money",
       -- Rounded half away from zero; a project without revenue has no margin.
       COALESCE(round(100 * (ordered.revenue - vendor.ordered) / NULLIF(ordered.revenue, 0), 2), 0)
           AS "profit_margin_percentage!: Percent",
       ordered.active_orders AS "active_orders!",
       vendor.vendors AS "vendor_count!",
       ordered.clients AS "client_count!",
       payment.cleared AS "cleared_payments!",
       payment.pending AS "pending_payments!",
       payment.bounced AS "bounced_payments!"
  FROM "Finances".project, ordered, payment, billed, vendor, document
 WHERE project.id = $1
